"""The cases as APIs of LitServe, which has no calls between services: both steps are one there."""

import sys

import litserve as ls


class Echo(ls.LitAPI):
    def setup(self, device):
        pass

    def decode_request(self, request):
        return request["row"]

    def predict(self, row):
        return row

    def encode_response(self, row):
        return row


class Classify(ls.LitAPI):
    def setup(self, device):
        pass

    def decode_request(self, request):
        return request["input_series"]

    def predict(self, rows):
        return sum(sum(row) for row in rows)

    def encode_response(self, total):
        return total


if __name__ == "__main__":
    apis = [Echo(api_path="/echo"), Classify(api_path="/classify")]
    server = ls.LitServer(apis, accelerator="cpu")
    server.run(host="127.0.0.1", port=int(sys.argv[1]), generate_client_file=False, log_level="error", access_log=False)
