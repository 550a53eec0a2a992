"""Calls every kind of method with the clients of BentoML."""

import asyncio
import pathlib
import socket
import sys
import tempfile
import threading

import bentoml
import numpy as np
import PIL.Image
import pydantic
from bentoml.exceptions import BentoMLException, InvalidArgument, NotFound, ServiceUnavailable

from checks import check, end, equal, fails

url = sys.argv[1]
folder = pathlib.Path(tempfile.mkdtemp(prefix="playhouse-test-"))


class Flower(pydantic.BaseModel):
    petals: list[float]
    colour: str | None = None


class Meeting:
    """A method that runs until it is let go."""

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(30)
        self.port = self._listener.getsockname()[1]

    def began(self):
        self._connection, _ = self._listener.accept()

    def let_go(self, word):
        self._connection.sendall(word.encode() + b"\n")
        self._connection.close()

    def was_dropped(self):
        self._connection.settimeout(30)
        return self._connection.recv(1) == b""


with bentoml.SyncHTTPClient(url, server_ready_timeout=10) as client:
    with check("the client is ready"):
        assert client.is_ready()

    with check("numpy: an array goes and comes with its dtype and shape"):
        rows = np.array([[1, 2, 3, 4], [5, 6, 7, 8]], dtype=np.float32)
        twice = client.twice(rows=rows)
        assert isinstance(twice, np.ndarray) and twice.dtype == np.float32, twice
        np.testing.assert_array_equal(twice, 2 * rows)

    with check("numpy: lists are arrays too"):
        np.testing.assert_array_equal(client.twice([[1, 2, 3, 4]]), [[2, 4, 6, 8]])

    with check("numpy: other dtypes"):
        lengths = client.lengths(["", "a", "äb"])
        assert lengths.dtype == np.int64 and lengths.tolist() == [0, 1, 3], lengths

    with check("numpy: without a declaration"):
        np.testing.assert_array_equal(client.any(np.arange(6.0).reshape(2, 3)), np.arange(6.0).reshape(2, 3))

    with check("strings, and arguments that may be left out"):
        equal(client.greet(name="Ada"), "Hello, Ada.")
        equal(client.greet("Ada", True), "Hello, Ada!")
        equal(client.greet("Ada", excited=None), "Hello, Ada.")
        equal(client.greet('"ü\n'), 'Hello, "ü\n.')

    with check("positional arguments are in the order of the code"):
        equal(client.order(7, "x", 0.5), [7, "x", 0.5])
        equal(client.order(1, b=2.5, a="y"), [1, "y", 2.5])

    with check("models of pydantic"):
        equal(client.pluck(flower=Flower(petals=[1, 2], colour="red")), {"petals": [], "colour": "red"})
        equal(client.pluck({"petals": [1.5]}), {"petals": [], "colour": None})

    with check("lists of models"):
        red, blue = Flower(petals=[1], colour="red"), Flower(petals=[2], colour="blue")
        equal(client.pick([red, blue], colour="blue"), [blue.model_dump()])
        equal(client.pick(flowers=[red, blue]), [red.model_dump(), blue.model_dump()])

    with check("what may be nothing"):
        equal(client.find([5, 6], 1), 6)
        equal(client.find([5, 6], 2), None)
        equal(client.nothing(), None)

    with check("enums and bytes"):
        equal(client.colour(Flower(petals=[], colour="red")), "red")
        equal(client.colour({"petals": []}), None)

    with check("root: a string is the body"):
        equal(client.shout("quiet"), "QUIET")
        equal(client.shout('{"text": 1}'), '{"TEXT": 1}')

    with check("root: bytes are the body"):
        equal(client.reverse(b"\x00\xff1"), b"1\xff\x00")

    with check("root: a model"):
        equal(client.wilt({"petals": [1.0, 2.0], "colour": "red"}), {"petals": [1.0], "colour": "red"})

    with check("root: an array"):
        np.testing.assert_array_equal(client.total(np.ones((3, 4), np.float32)), np.float32(12))

    with check("files: up, by path, with what is beside them"):
        path = folder / "rows.csv"
        path.write_text("a,b\n1,2\n")
        equal(client.describe(path, note="n"), {"name": "rows.csv", "content_type": "text/csv", "bytes": 8, "note": "n"})
        equal(client.describe(file=str(path))["note"], None)

    with check("files: several of one argument"):
        paths = [folder / f"page-{number}" for number in range(3)]
        for number, path in enumerate(paths):
            path.write_bytes(b"x" * number)
        equal(client.sizes(paths), [0, 1, 2])

    with check("files: an image of PIL, up"):
        path = folder / "red.png"
        PIL.Image.new("RGB", (2, 3), "red").save(path)
        with PIL.Image.open(path) as image:
            described = client.describe(file=image)
        equal((described["name"], described["content_type"]), ("red.png", "image/png"))

    with check("files: one that may be left out"):
        equal(client.maybe_size(folder / "rows.csv"), 8)
        equal(client.maybe_size(), None)

    with check("files: an image of PIL, down"):
        image = client.picture(folder / "red.png")
        equal((image.size, image.getpixel((1, 1))), ((2, 3), (255, 0, 0)))

    with check("files: down, under their names"):
        down = client.download("report 1.txt", "some text")
        assert isinstance(down, pathlib.Path) and down.name.endswith("report 1.txt"), down
        equal(down.read_text(), "some text")

    with check("files: one that may be nothing, down"):
        kept = client.keep(folder / "rows.csv")
        equal(kept.read_text(), "a,b\n1,2\n")
        equal(client.keep().read_bytes(), b"")

    with check("streams: texts as they come"):
        equal(list(client.words("a bé c")), ["a", "bé", "c"])

    with check("streams: models"):
        equal(list(client.grow(2)), [{"petals": [0.0], "colour": None}, {"petals": [0.0, 1.0], "colour": None}])

    with check("streams: an error before the first item is that of the call"):
        with fails(BentoMLException, "at once", code=500):
            list(client.break_at(0))

    with check("streams: an error in mid-stream is an exception"):
        got = []
        try:
            for word in client.break_at(2):
                got.append(word)
        except Exception as error:
            assert "peer closed" in str(error) or "incomplete" in str(error), repr(error)
        else:
            raise AssertionError(f"no error after {got}")
        equal(got, ["0", "1"])

    with check("arguments are checked before they are sent"):
        with fails(TypeError, "Arguments not found", "flour"):
            client.pluck(flour=1)
        with fails(TypeError, "Missing required arguments", "rows"):
            client.twice()

    with check("400 is InvalidArgument, with our words"):
        with fails(InvalidArgument, "rows", "expected f32 [_, 4]", code=400):
            client.twice(np.zeros((2, 3)))

    with check("404 is NotFound"):
        with fails(NotFound, "nowhere"):
            client.call("nowhere")
        equal(client.request("POST", "/nowhere").status_code, 404)

    with check("500 is a BentoMLException, with our words"):
        with fails(BentoMLException, "no such flower", "as_told", code=500):
            client.fail("no such flower")

    with check("documentation is that of the code"):
        equal(client.twice.__doc__, "Twice the rows.")

with bentoml.SyncHTTPClient(f"{url}/Narrow") as client, check("429: a service below its own path, and full"):
    meeting = Meeting()
    answers = []
    held = threading.Thread(target=lambda: answers.append(client.meet(meeting.port)))
    held.start()
    meeting.began()
    with fails(BentoMLException, "overloaded", code=429):
        client.meet(meeting.port)
    meeting.let_go("gone")
    held.join()
    equal(answers, ["gone"])

with bentoml.SyncHTTPClient(f"{url}/Hasty") as client, check("504: the deadline has passed"):
    meeting = Meeting()
    with fails(BentoMLException, "deadline_exceeded", code=504):
        client.meet(meeting.port)

with check("a server that is not there is not ready"):
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    with fails(ServiceUnavailable, "not ready"):
        bentoml.SyncHTTPClient(f"http://127.0.0.1:{port}", server_ready_timeout=0.2)


async def by_the_async_client():
    async with bentoml.AsyncHTTPClient(url) as client:
        with check("async: calls, also many at once"):
            assert await client.is_ready()
            rows = np.ones((1, 4), np.float32)
            np.testing.assert_array_equal(await client.twice(rows), 2 * rows)
            greetings = await asyncio.gather(*(client.greet(str(number)) for number in range(50)))
            equal(greetings, [f"Hello, {number}." for number in range(50)])

        with check("async: streams"):
            equal([word async for word in client.words("a b")], ["a", "b"])

        with check("async: files"):
            equal((await client.describe(folder / "rows.csv"))["bytes"], 8)
            equal((await client.download("a.txt", "b")).read_text(), "b")

        with check("async: errors"):
            with fails(InvalidArgument, "rows", code=400):
                await client.twice(np.ones((2, 3)))


async def ended(task):
    """Waits until a task has ended; how."""
    while (status := (await task.get_status()).value) in ("pending", "in_progress"):
        await asyncio.sleep(0)
    return status


async def tasks():
    # The client for scripts without asyncio cannot submit: it looks for `_opened_files`, which it has not.
    async with bentoml.AsyncHTTPClient(url) as client:
        rows = np.ones((2, 4), np.float32)

        with check("tasks: submitted, and its result fetched with its dtype"):
            task = await client.later.submit(rows=rows)
            equal(await ended(task), "completed")
            twice = await task.get()
            assert twice.dtype == np.float32, twice
            np.testing.assert_array_equal(twice, 2 * rows)

        with check("tasks: asked for by their id, by another client too"):
            equal((await client.later.get_status(task.id)).value, "completed")
            with bentoml.SyncHTTPClient(url) as other:
                equal(other.later.get_status(task.id).value, "completed")
                np.testing.assert_array_equal(other.later.get(task.id), 2 * rows)

        with check("tasks: called as a method like any other"):
            np.testing.assert_array_equal(await client.later(rows), 2 * rows)

        with check("tasks: files"):
            task = await client.scan.submit(folder / "rows.csv", note="n")
            equal(await ended(task), "completed")
            equal((await task.get())["name"], "rows.csv")

        with check("tasks: too early, then done, then done again"):
            meeting = Meeting()
            task = await client.linger.submit(meeting.port)
            await asyncio.to_thread(meeting.began)
            equal((await task.get_status()).value, "in_progress")
            with fails(InvalidArgument, f"task {task.id} is not completed yet", code=400):
                await task.get()
            meeting.let_go("done")
            equal((await ended(task), await task.get()), ("completed", "done"))
            again = await task.retry()
            assert again.id != task.id
            await asyncio.to_thread(meeting.began)
            meeting.let_go("done again")
            equal((await ended(again), await again.get()), ("completed", "done again"))
            equal(await task.get(), "done")

        with check("tasks: canceled in the middle"):
            meeting = Meeting()
            task = await client.linger.submit(meeting.port)
            await asyncio.to_thread(meeting.began)
            await task.cancel()
            equal(await ended(task), "canceled")
            assert await asyncio.to_thread(meeting.was_dropped)
            with fails(InvalidArgument, "was canceled", code=400):
                await task.get()
            with fails(InvalidArgument, "canceled already", code=400):
                await task.cancel()

        with check("tasks: the error of one that failed is that of a call"):
            task = await client.stumble.submit("no such flower")
            equal(await ended(task), "failed")
            with fails(BentoMLException, "no such flower", "as_told", code=500):
                await task.get()

        with check("tasks: what the method would not take is not taken"):
            with fails(BentoMLException, "expected f32 [_, 4]", code=400):
                await client.later.submit(np.ones((2, 3)))

        with check("tasks: nobody knows this one"):
            with fails(NotFound, "task_id not found", code=404):
                await client.later.get_status("0123456789abcdef0123456789abcdef")
            with fails(NotFound, "task_id not found", code=404):
                await client.linger.get(task.id)


asyncio.run(by_the_async_client())
asyncio.run(tasks())
end()
