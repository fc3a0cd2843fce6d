// What the browser does by itself. The address holds the whole state, so that a page that is loaded again comes back as it was.
addEventListener("popstate", () => location.reload());
const dark = new URLSearchParams(location.search).get("theme") === "dark";
document.documentElement.classList.toggle("dark", dark);
document.getElementById("theme-switch").addEventListener("click", () => {
  const address = new URL(location.href);
  dark ? address.searchParams.delete("theme") : address.searchParams.set("theme", "dark");
  location.assign(address);
});
// Bokeh gives its sliders and the buttons beside its figures no name that a screen reader could say: name them by their labels.
function name(root) {
  for (const element of root.querySelectorAll("*")) {
    if (element.shadowRoot) name(element.shadowRoot);
  }
  for (const handle of root.querySelectorAll(".noUi-handle:not([aria-label])")) {
    const title = root.querySelector(".bk-slider-title") ?? root.host?.parentNode?.querySelector?.(".bk-slider-title");
    handle.setAttribute("aria-label", (title?.textContent ?? "value").split(":")[0].trim() || "value");
  }
  for (const button of root.querySelectorAll("button:not([aria-label]), [role=button]:not([aria-label])")) {
    if (!button.textContent.trim()) button.setAttribute("aria-label", button.title || root.host?.title || "figure tool");
  }
  for (const canvas of root.querySelectorAll("canvas:not([aria-hidden])")) {
    canvas.setAttribute("aria-hidden", "true");
    canvas.style.clipPath = "inset(0 0 0 1px)"; // Bokeh clears its first column by half only: what was drawn there stays
  }
}
setInterval(() => name(document), 1000);
