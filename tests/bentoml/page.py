"""Opens the page at / in a browser and tries a call there; leaves a picture of it."""

import asyncio
import sys

from browser import tab
from checks import check, end

picture, token, url = sys.argv[1:]
GREET = "#operations-Kinds-Kinds__greet"
LIVE = f"{GREET} .live-responses-table"


async def execute(page):
    """Calls, and gives status and body as the page shows them."""
    await page.click(f"{GREET} .execute")
    body = await page.until(
        f"const it = document.querySelector('{LIVE} .response-col_description .highlight-code');"
        "return it && it.innerText;"
    )
    return await page.evaluate(f"document.querySelector('{LIVE} tbody .response-col_status').innerText"), body


async def authorize(page):
    """Types the token in."""
    await page.click(".auth-wrapper .authorize")
    await page.type(".modal-ux input", token)
    await page.click(".modal-ux .auth-btn-wrapper .authorize")
    await page.until("return document.querySelector('.modal-ux').innerText.includes('Logout');")
    await page.shoot(picture.replace(".png", "-typed.png"))
    await page.click(".modal-ux .btn-done")


async def main():
    async with tab() as page:
        with check("the page lists the methods"):
            await page.send("Page.navigate", url=url)
            await page.until(f"return !!document.querySelector('{GREET}');")
            assert await page.evaluate("document.title") == "Kinds"

        with check("a call can be tried"):
            await page.click(f"{GREET} .opblock-summary-control")
            await page.click(f"{GREET} .try-out__btn")

        if token:
            with check("without a token it is refused"):
                status, body = await execute(page)
                assert status.startswith("401") and "a token is needed" in body, (status, body)
                await page.click(f"{GREET} .btn-clear")

            with check("the token can be given"):
                await authorize(page)
        else:
            with check("where no token is needed, none is asked for"):
                assert await page.evaluate("document.querySelector('.authorize')") is None

        with check("the answer is shown"):
            status, body = await execute(page)
            assert status.startswith("200") and "Hello, Ada!" in body, (status, body)

        await page.shoot(picture)

        with check("nothing comes from elsewhere"):
            elsewhere = [asked for asked in page.requests if not asked.startswith((url, "data:", "blob:"))]
            assert not elsewhere, elsewhere
            assert f"{url}/greet" in page.requests, page.requests

        with check("the browser has nothing to complain of"):
            complaints = [said for said in page.complaints if not (token and "401" in said)]
            assert not complaints, complaints


asyncio.run(main())
end()
