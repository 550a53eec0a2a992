"""A browser that is driven through the DevTools protocol."""

import asyncio
import base64
import contextlib
import itertools
import json
import shutil
import tempfile

import aiohttp

NAMES = ("chromium", "chromium-browser", "google-chrome")

# Without a sandbox because tests run as root too, which Chromium refuses to have one for.
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--remote-debugging-port=0",
    "--window-size=1280,1600",
)

# Waits in the page until an expression is true, and gives its value.
UNTIL = """new Promise((done, fail) => {
  const end = performance.now() + %d;
  (function look() {
    const value = (() => { %s })();
    if (value) done(value);
    else if (performance.now() > end) fail(new Error("waited in vain; the page says: " + document.body.innerText));
    else setTimeout(look, 20);
  })();
})"""


class Tab:
    """One page, and what it has asked for and complained of."""

    def __init__(self, socket):
        self._socket = socket
        self._numbers = itertools.count(1)
        self._answers = {}
        self._session = {}
        self.requests = []
        self.complaints = []

    async def send(self, method, **parameters):
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": method, "params": parameters, **self._session})
        return await asyncio.wait_for(answer, 60)

    async def open(self):
        target = await self.send("Target.createTarget", url="about:blank")
        attached = await self.send("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self._session = {"sessionId": attached["sessionId"]}
        for domain in ("Page", "Network", "Runtime", "Log"):
            await self.send(f"{domain}.enable")

    async def read(self):
        async for message in self._socket:
            message = json.loads(message.data)
            if (answer := self._answers.pop(message.get("id"), None)) and not answer.done():
                if "error" in message:
                    answer.set_exception(RuntimeError(str(message["error"])))
                else:
                    answer.set_result(message["result"])
            self._note(message.get("method"), message.get("params", {}))

    def _note(self, event, said):
        match event:
            case "Network.requestWillBeSent":
                self.requests.append(said["request"]["url"])
            case "Log.entryAdded" if said["entry"]["level"] == "error":
                self.complaints.append(said["entry"]["text"])
            case "Runtime.exceptionThrown":
                self.complaints.append(said["exceptionDetails"]["text"])

    async def evaluate(self, expression):
        said = await self.send("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in said:
            raise AssertionError(said["exceptionDetails"]["exception"].get("description", said))
        return said["result"].get("value")

    async def until(self, body, seconds=30):
        """Waits until some code in the page returns something."""
        return await self.evaluate(UNTIL % (1000 * seconds, body))

    async def click(self, selector):
        await self.until(f"const it = document.querySelector({json.dumps(selector)}); it?.click(); return !!it;")

    async def type(self, selector, text):
        """Types a text into a field, as a person does."""
        await self.until(f"const it = document.querySelector({json.dumps(selector)}); it?.focus(); return !!it;")
        await self.send("Input.insertText", text=text)

    async def shoot(self, path):
        picture = await self.send("Page.captureScreenshot", captureBeyondViewport=True)
        with open(path, "wb") as file:
            file.write(base64.b64decode(picture["data"]))


def program():
    for name in NAMES:
        if path := shutil.which(name):
            return path
    raise SystemExit(f"this test needs a browser, one of {', '.join(NAMES)} (Debian: chromium; tests/run installs it)")


async def _address(browser):
    async for line in browser.stderr:
        if line.startswith(b"DevTools listening on "):
            return line.decode().split()[-1]
    raise RuntimeError("the browser has ended before it listened")


@contextlib.asynccontextmanager
async def tab():
    """A page in a browser that ends with it."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        flags = (*FLAGS, f"--user-data-dir={profile}")
        pipe = asyncio.subprocess.PIPE
        browser = await asyncio.create_subprocess_exec(program(), *flags, stderr=pipe)
        try:
            address = await asyncio.wait_for(_address(browser), 60)
            drain = asyncio.create_task(browser.stderr.read())
            async with aiohttp.ClientSession() as session, session.ws_connect(address, max_msg_size=0) as socket:
                opened = Tab(socket)
                reading = asyncio.create_task(opened.read())
                await opened.open()
                yield opened
                reading.cancel()
            drain.cancel()
        finally:
            browser.kill()
            await browser.wait()
