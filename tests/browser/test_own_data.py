"""A visitor's own data: files that are dropped, restored and located, and what is refused."""

import base64
import io

import numpy as np

from tests.browser.conftest import RESTORE

DROP = """([name, content, padding]) => {
    const transfer = new DataTransfer();
    const bytes = Uint8Array.from(atob(content), letter => letter.charCodeAt(0));
    transfer.items.add(new File([bytes, new Uint8Array(padding)], name));
    return transfer;
}"""


def drop(page, name, content, padding=0):
    """Drop a file, with so many zeros behind its content, onto the page, as a mouse does."""
    transfer = page.evaluate_handle(DROP, [name, base64.b64encode(content).decode(), padding])
    zone = page.locator("label", has_text="choose files")
    zone.dispatch_event("dragover", {"dataTransfer": transfer})
    zone.dispatch_event("drop", {"dataTransfer": transfer})


def test_an_array_that_is_dropped_is_restored_and_located(share):
    codes = np.random.default_rng(0).choice([-1, 1], (6, 64)).astype(np.int8)
    content = io.BytesIO()
    np.save(content, codes)
    page = share(RESTORE)
    page.get_by_role("tab", name="Restore").click()
    drop(page, "codes.npy", content.getvalue())
    page.wait_for_selector("text=6 rows of yours are stored")
    page.get_by_role("button", name="Restore", exact=True).click()
    page.wait_for_selector("text=restored without an error by: p = 2")
    page.get_by_label("energy that stores them").select_option("p = 2")
    page.get_by_role("button", name="Locate them").click()
    page.wait_for_selector("text=Fixed points at T = 0 (measured): 6 of 6.")
    drop(page, "notes.txt", b"no numbers")
    page.wait_for_selector("text=expected pictures (PNG, JPEG or GIF), or one array or table")
    drop(page, "large.csv", b"1,2,3,4", 8_000_000)
    page.wait_for_selector("text='large.csv' is not taken: more than 8 MB in all: bring less")
    page.wait_for_selector("text=6 rows of yours are stored")
    page.get_by_role("button", name="Back to the digits").click()
    page.wait_for_selector("text=50 digits are stored")
