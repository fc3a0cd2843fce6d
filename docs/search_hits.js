// Search hits: what was searched for comes first, and formulas, which pages hold as TeX, are left out or written in plain characters.
(() => {
  const SYMBOLS = {
    alpha: "α", beta: "β", gamma: "γ", Gamma: "Γ", varepsilon: "ε", epsilon: "ε", eta: "η", lambda: "λ", xi: "ξ", Xi: "Ξ",
    rho: "ρ", sigma: "σ", tau: "τ", chi: "χ", nu: "ν", kappa: "κ", phi: "φ", Phi: "Φ", Delta: "Δ", pi: "π", ast: "*",
    infty: "∞", ge: "≥", le: "≤", lt: "<", gt: ">", to: "→", pm: "±", cdot: "·", sum: "Σ", sqrt: "√", ldots: "…", approx: "≈",
  };

  const plain = (tex) =>
    tex
      .replace(/\\[()]/g, "")
      .replace(/\\(mathrm|mathbb|text|tilde|langle|rangle|left|right|,)/g, "")
      .replace(/\\([A-Za-z]+)/g, (_, name) => SYMBOLS[name] || name)
      .replace(/[{}\\$]|\^(?=\*)/g, "");

  const withoutTex = (html) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    page.querySelectorAll("div.math").forEach((formula) => (formula.textContent = " … "));
    page.querySelectorAll("span.math").forEach((formula) => (formula.textContent = plain(formula.textContent)));
    return page.documentElement.outerHTML;
  };

  // Pages and headings that hold the words of a search one after the other come first. Sphinx leaves words such as "own" out.
  const PHRASE = 50;
  const spaced = (text) => ` ${text.toLowerCase().split(/[^\p{Letter}\p{Number}_.]+/gu).join(" ").trim()} `;
  const query = spaced(new URLSearchParams(location.search).get("q") ?? "");
  const ofPages = ["title", "text"];
  const score = ([, title, , , points, , kind]) =>
    points + (ofPages.includes(kind) && query.trim() && spaced(title).includes(query) ? PHRASE : 0);

  if (typeof Search === "undefined") return;
  Scorer.score = score;
  const textOf = Search.htmlToText;
  Search.htmlToText = (html, anchor) => textOf(withoutTex(html), anchor);
})();
