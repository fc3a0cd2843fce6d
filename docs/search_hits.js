// Search hits show words: formulas, which pages hold as TeX, are left out or written in plain characters.
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

  if (typeof Search === "undefined") return;
  const textOf = Search.htmlToText;
  Search.htmlToText = (html, anchor) => textOf(withoutTex(html), anchor);
})();
