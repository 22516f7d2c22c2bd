"use strict";
(() => {
  const table = document.getElementById("matrix");
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const controls = document.querySelector(".controls");
  const find = document.getElementById("find");
  const failing = document.getElementById("only-failing");
  const disagreeing = document.getElementById("only-disagreeing");
  const shown = document.getElementById("shown");

  const card = (row) => {
    const target = row.querySelector("a").getAttribute("href").slice(1);
    return target === "failed" ? null : document.getElementById(target);
  };
  // What is searched: the name of the file, how it was taken and what it misses; gathered when first asked for.
  let cards = null, texts = null;
  const gather = () => {
    cards = rows.map(card);
    texts = rows.map((row, i) => {
      const told = cards[i] ? [...cards[i].querySelectorAll(".groups, .facts")].map((n) => n.textContent) : [];
      return [row.cells[0].textContent, ...told].join(" ").toLowerCase();
    });
  };

  const filter = () => {
    if (!texts) gather();
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    rows.forEach((row, i) => {
      const hit = words.every((w) => texts[i].includes(w))
        && !(failing.checked && row.classList.contains("p"))
        && !(disagreeing.checked && !(row.cells[2] && row.cells[2].textContent));
      row.hidden = !hit;
      if (cards[i]) cards[i].hidden = !hit;
      count += hit;
    });
    shown.textContent = count === rows.length ? "" : count + " of " + rows.length + " files";
  };

  // The order of a column: text, a number, or a share such as 10/12; what has none comes last.
  const key = (row, column, kind) => {
    const cell = row.classList.contains("failed") && column ? null : row.cells[column];
    const text = cell ? cell.textContent.trim() : "";
    if (kind === "text") return text.toLowerCase();
    if (text === "passed") return 0;
    if (kind === "number") return text === "" ? 0 : Number.isNaN(Number(text)) ? 0.5 : Number(text);
    if (!text) return null;
    const [found, asked] = text.split("/").map(Number);
    return found / asked;
  };
  const sort = (head, column) => {
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const keys = new Map(rows.map((row) => [row, key(row, column, head.dataset.kind)]));
    const sorted = rows.slice().sort((a, b) => {
      const x = keys.get(a), y = keys.get(b);
      if (x === y) return rows.indexOf(a) - rows.indexOf(b);
      if (x === null || y === null) return x === null ? 1 : -1;
      return (x < y ? -1 : 1) * (down ? -1 : 1);
    });
    body.append(...sorted);
  };
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => sort(head, column));
  });
  controls.hidden = false;
  controls.addEventListener("submit", (event) => event.preventDefault());
  for (const input of [find, failing, disagreeing]) input.addEventListener("input", filter);

  // -- many files: what is not in the page is made from the tables when it is opened.
  const data = document.getElementById("data");
  let tables = null;
  const make = (tag, attributes, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  };
  const KINDS = { embedded: "file", hardware: "hardware", derived: "derived", user: "person", number: "plane number", "": "no source" };
  const messages = (title, numbers) => {
    if (!numbers.length) return [];
    const items = numbers.map((n) => {
      const [code, severity, text, where] = tables.m[n].map((s) => tables.s[s]);
      const told = make("span", {}, text);
      if (where) told.append(" ", make("small", {}, where));
      return make("li", { class: severity }, make("code", {}, code), " ", told);
    });
    return [...(title ? [make("h4", {}, title)] : []), make("ul", { class: "messages" }, ...items)];
  };
  const folded = (title, number, ...children) =>
    make("details", { class: "all" }, make("summary", {}, title + " (" + number.toLocaleString("en-US") + ")"), ...children);
  const head = (...titles) => make("thead", {}, make("tr", {}, ...titles.map((t) => make("th", { scope: "col" }, t))));
  const origin = ([, , kind, file, path, raw, rule]) => {
    const line = (title, text) => (text ? [make("span", {}, make("i", {}, title), " " + text)] : []);
    const tip = make("span", { class: "tip", role: "note" },
      ...line("File", file || (kind === "embedded" ? "the image itself" : "")), ...line("Place", path),
      ...line("Text there", raw), ...line("Rule", rule));
    if (!kind) tip.append(make("span", {}, "nothing is known of where it came from"));
    if (kind === "number") tip.append(make("span", {}, "says which plane the facts beside it are of"));
    return make("span", { class: "src k-" + (kind || "none"), tabindex: "0" }, make("span", { class: "word" }, KINDS[kind]), tip);
  };
  const facts = (elements) => {
    let number = 0;
    const bodies = elements.map((e) => {
      const [label, values] = tables.e[e];
      number += values.length;
      return make("tbody", {}, make("tr", {}, make("th", { scope: "rowgroup", colspan: "3" }, tables.s[label])),
        ...values.map((v) => {
          const told = Array.from({ length: 7 }, (_, i) => tables.s[tables.v[v][i] || 0]);
          return make("tr", {}, make("th", { scope: "row" }, told[0]), make("td", {}, told[1]), make("td", {}, origin(told)));
        }));
    });
    const made = folded("All facts", number, make("table", { class: "list stated" }, head("Attribute", "Value", "Source"), ...bodies));
    made.firstChild.append(", with their sources");
    return made;
  };
  const disagreements = (found) => {
    if (!found.length) return [];
    const lines = found.map((d) => {
      const [where, attribute, image, other, source, remark] = d.map((s) => tables.s[s]);
      return make("tr", {}, make("th", { scope: "row" }, where + " ", make("b", {}, attribute)), make("td", {}, image),
        make("td", { title: source }, other), make("td", {}, remark));
    });
    return [make("h4", {}, "Image and description disagree"), make("div", { class: "scroll" }, make("table", { class: "list" },
      head("Where", "Image says", "Description says", "Remark"), make("tbody", {}, ...lines)))];
  };
  const fill = (holder) => {
    if (!data || holder.childNodes.length) return;
    tables = tables || JSON.parse(data.textContent);
    const [elements, missing, uncounted, findings, notes, differing] = tables.f[Number(holder.dataset.file)];
    if (missing.length) holder.append(folded("Each missing field in a sentence", missing.length, ...messages("", missing)));
    holder.append(...disagreements(differing), ...messages("To look at", findings));
    if (uncounted.length + notes.length) {
      holder.append(folded("For the record", uncounted.length + notes.length,
        ...messages("Missing, and not counted", uncounted), ...messages("Notes", notes)));
    }
    holder.append(facts(elements));
  };
  const draw = (holder) => {
    if (holder.childElementCount) return;
    for (const n of holder.dataset.paths.split(" ")) holder.append(document.getElementById("p" + n).content.cloneNode(true));
  };
  const complete = (file) => {
    file.querySelectorAll("[data-paths]").forEach(draw);
    file.querySelectorAll(".more").forEach(fill);
  };
  document.addEventListener("toggle", (event) => event.target.open && complete(event.target), true);
  document.querySelectorAll(".file[open]").forEach(complete);
  const open = () => {
    const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    if (target && target.tagName === "DETAILS") {
      target.open = true;
      target.scrollIntoView();
    }
  };
  addEventListener("hashchange", open);
  open();
})();
