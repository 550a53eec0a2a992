"""Opens the page at / in a browser and tries a call there; leaves a picture of it."""

import asyncio
import sys

from browser import tab
from checks import check, end

picture, url = sys.argv[1:]
GREET = "#operations-Kinds-Kinds__greet"


async def main():
    async with tab() as page:
        with check("the page lists the methods"):
            await page.send("Page.navigate", url=url)
            await page.until(f"return !!document.querySelector('{GREET}');")
            assert await page.evaluate("document.title") == "Kinds"

        with check("a call can be tried, and its answer is shown"):
            await page.click(f"{GREET} .opblock-summary-control")
            await page.click(f"{GREET} .try-out__btn")
            await page.click(f"{GREET} .execute")
            live = f"{GREET} .live-responses-table"
            answer = await page.until(
                f"const it = document.querySelector('{live} .response-col_description .highlight-code');"
                "return it && it.innerText;"
            )
            assert "Hello, Ada!" in answer, answer
            status = await page.evaluate(f"document.querySelector('{live} tbody .response-col_status').innerText")
            assert status.startswith("200"), status

        await page.shoot(picture)

        with check("nothing comes from elsewhere"):
            elsewhere = [asked for asked in page.requests if not asked.startswith((url, "data:", "blob:"))]
            assert not elsewhere, elsewhere
            assert f"{url}/greet" in page.requests, page.requests

        with check("the browser has nothing to complain of"):
            assert not page.complaints, page.complaints


asyncio.run(main())
end()
