"""The cases as routes of mosec: an echo, and two stages."""

from mosec import Runtime, Server, Worker


class Echo(Worker):
    def forward(self, data):
        return data["row"]


class Preprocess(Worker):
    def forward(self, data):
        return data["input_series"]


class Sum(Worker):
    def forward(self, data):
        return sum(sum(row) for row in data)


if __name__ == "__main__":
    server = Server()
    server.register_runtime({"/echo": [Runtime(Echo)], "/classify": [Runtime(Preprocess), Runtime(Sum)]})
    server.run()
