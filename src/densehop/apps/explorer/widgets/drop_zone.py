"""A place for files: drop or choose them. The browser reads them, makes large pictures smaller, and sends them."""

import base64
import json
from collections.abc import Callable
from typing import Any, ClassVar

import param
from panel.reactive import ReactiveHTML

from densehop.apps.explorer.compute.stored import MOST_BYTES, MOST_FILES
from densehop.errors import InvalidInput

LARGE, REDUCED_SIDE = 200_000, 256  # bytes from which a picture is made smaller, and pixels of its longer side then
STYLE = """
label { display: block; border: 2px dashed #8aa0b5; border-radius: 8px; padding: 14px 10px; text-align: center;
  cursor: pointer; color: var(--ink); font-size: 14px; }
label.over, label:hover { border-color: var(--accent); background: #8882; }
label:focus-within { outline: 3px solid var(--accent); }
label u { color: var(--accent); }
input { position: absolute; opacity: 0; width: 1px; height: 1px; }
"""


class DropZone(ReactiveHTML):  # type: ignore[misc]
    """A drop zone; `sent` is JSON with names and contents of files, `refused` is why none are sent."""

    sent = param.String(default="")
    refused = param.String(default="")

    _template = """
    <label id="zone">Drop pictures, a .npy array or a .csv table here, or <u>choose files</u>
      <input id="chooser" type="file" multiple aria-label="Own data: pictures, a .npy array or a .csv table"
        accept=".png,.jpg,.jpeg,.gif,.bmp,.webp,.npy,.csv,.tsv" /></label>
    """
    _stylesheets: ClassVar = [STYLE]
    _scripts: ClassVar = {
        "render": f"""
        const encoded = blob => new Promise((done, failed) => {{
            const reader = new FileReader();
            reader.onload = () => done(reader.result.split(",")[1] ?? "");
            reader.onerror = () => failed(reader.error);
            reader.readAsDataURL(blob);
        }});
        const reduced = async file => {{
            if (!file.type.startsWith("image/") || file.size < {LARGE}) return file;
            const picture = await createImageBitmap(file);
            const scale = Math.min(1, {REDUCED_SIDE} / Math.max(picture.width, picture.height));
            const sheet = document.createElement("canvas");
            sheet.width = Math.max(1, Math.round(scale * picture.width));
            sheet.height = Math.max(1, Math.round(scale * picture.height));
            const pen = sheet.getContext("2d");
            pen.imageSmoothingQuality = "high";
            pen.drawImage(picture, 0, 0, sheet.width, sheet.height);
            return new Promise(done => sheet.toBlob(done));
        }};
        const take = async list => {{
            const chosen = [...list];
            data.refused = "";
            let name = "";
            try {{
                if (chosen.length > {MOST_FILES})
                    throw new Error(`${{chosen.length}} files: at most {MOST_FILES} are taken`);
                const read = [];
                let size = 0;
                for (const file of chosen) {{
                    name = file.name;
                    const small = await reduced(file);
                    size += small.size;
                    if (size > {MOST_BYTES}) throw new Error("more than {MOST_BYTES // 10**6} MB in all: bring less");
                    read.push({{name: file.name, content: await encoded(small)}});
                }}
                if (read.length) data.sent = JSON.stringify(read);
            }} catch (error) {{
                data.refused = name ? `'${{name}}' is not taken: ${{error.message}}` : error.message;
            }}
        }};
        chooser.addEventListener("change", () => {{ take(chooser.files).then(() => {{ chooser.value = ""; }}); }});
        for (const kind of ["dragenter", "dragover"]) zone.addEventListener(kind, event => {{
            event.preventDefault();
            zone.classList.add("over");
        }});
        for (const kind of ["dragleave", "drop"]) zone.addEventListener(kind, event => {{
            event.preventDefault();
            zone.classList.remove("over");
        }});
        zone.addEventListener("drop", event => take(event.dataTransfer.files));
        """,
    }

    def __init__(
        self, on_files: Callable[[list[tuple[str, bytes]]], None], on_refused: Callable[[str], None], **settings: Any
    ) -> None:
        super().__init__(**settings)
        self._on_files, self._on_refused = on_files, on_refused
        self.param.watch(self._take, "sent")
        self.param.watch(lambda event: on_refused(event.new), "refused")

    def _take(self, event: Any) -> None:
        """Hand on what the browser has sent, and keep nothing of it."""
        if not event.new:
            return
        self.sent = ""
        try:
            files = [
                (str(one["name"]), base64.b64decode(one["content"], validate=True)) for one in json.loads(event.new)
            ]
        except (KeyError, TypeError, ValueError) as error:
            self._on_refused(str(InvalidInput(f"the browser sent what is no file ({error})")))
            return
        self._on_files(files)
