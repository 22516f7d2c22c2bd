// The browser of the NBO model: lays out window.nboModel, which scripts/docs_model.py writes. No library, no network.
(function () {
  "use strict";
  const data = window.nboModel;
  const root = document.getElementById("model");
  if (!data || !root) return;

  const EXTENSIONS = {
    core: "Core", basic: "Basic", advanced: "Advanced", calibration: "Calibration", ome: "plain OME, not judged",
  };
  const OPEN = 6, SHOWN = 60;
  const byKey = new Map(data.elements.map((e) => [e.key, e]));

  function make(tag, text, attributes) {
    const node = document.createElement(tag);
    if (text) node.textContent = text;
    for (const [name, value] of Object.entries(attributes || {})) node.setAttribute(name, value);
    return node;
  }

  function link(key, text) {
    return byKey.has(key) ? make("a", text || key, { href: "#" + key }) : document.createTextNode(text || key);
  }

  function links(keys) {
    const found = document.createDocumentFragment();
    keys.forEach((key, at) => found.append(at ? ", " : "", link(key)));
    return found;
  }

  // -- what is asked for ---------------------------------------------------------------------------------------------

  const ask = make("form", "", { class: "model-ask", role: "search" });
  const words = make("input", "", { type: "search", placeholder: "LensNA, exposure, Detector …", autocomplete: "off" });
  function labelled(title, node, more) {
    const label = make("label", title, { class: more || "" });
    label.append(node);
    ask.append(label);
    return node;
  }
  function choice(title, options) {
    const select = make("select");
    for (const [value, text] of options) select.append(make("option", text, { value }));
    return labelled(title, select);
  }
  labelled("Words in elements, fields, values, vendor paths", words, "model-words");
  const extension = choice("Extension", [["", "all"], ...Object.entries(EXTENSIONS)]);
  const tier = choice("Tier", [["", "all"], ["1", "1"], ["2", "up to 2"], ["3", "up to 3"]]);
  const level = choice("Level", [["", "all"], ["must", "MUST"], ["should", "SHOULD"]]);
  const reached = choice("Read from", [
    ["", "anything or nothing"], ["any", "some vendor's file"], ["none", "no file"],
    ...data.tables.map((t, at) => [String(at), t.title]),
  ]);
  const count = make("p", "", { class: "model-count", role: "status" });
  const list = make("div");
  root.replaceChildren(ask, count, list);

  // Texts to search, made once: of a field its own, of the rows that reach it only where words are asked for.
  const own = new Map();
  function text(field) {
    let found = own.get(field);
    if (found === undefined) {
      const rows = (field.rows || []).map((r) => data.rows[r].slice(1).join(" "));
      found = [field.name, ...(field.words || []), ...(field.members || []), ...rows].join(" ").toLowerCase();
      own.set(field, found);
    }
    return found;
  }

  function fits(field) {
    if (extension.value && field.extension !== extension.value) return false;
    if (tier.value && !(field.tier <= Number(tier.value))) return false;
    if (level.value && field.level !== level.value) return false;
    const rows = field.rows || [];
    if (reached.value === "any") return rows.length > 0;
    if (reached.value === "none") return rows.length === 0;
    return !reached.value || rows.some((r) => String(data.rows[r][0]) === reached.value);
  }

  function search() {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const filtered = extension.value || tier.value || level.value || reached.value;
    if (!wanted.length && !filtered) return null;
    const found = [];
    for (const element of data.elements) {
      if (extension.value === "ome" ? element.extension !== "ome" : filtered && element.extension === "ome") continue;
      const name = element.key.toLowerCase();
      let fields = (element.fields || []).filter((f) => extension.value === "ome" || fits(f));
      const left = wanted.filter((w) => !name.includes(w));
      if (left.length) fields = fields.filter((f) => left.every((w) => text(f).includes(w)));
      if (!fields.length && (left.length || filtered)) continue;
      const exact = wanted.length === 1 && name === wanted[0];
      const named = (f) => wanted.length > 0 && wanted.every((w) => (name + " " + f.name.toLowerCase()).includes(w));
      const whole = wanted.length === 1 && fields.some((f) => f.name.toLowerCase() === wanted[0]);
      const rank = exact ? 0 : whole ? 1 : !left.length && wanted.length ? 2 : fields.some(named) ? 3 : 4;
      found.push({ element, fields, rank });
    }
    return found.sort((a, b) => a.rank - b.rank);
  }

  // -- what is shown -------------------------------------------------------------------------------------------------

  function row(number) {
    const [table, id, anchor, origin, how] = data.rows[number];
    const item = make("li");
    const known = data.tables[table];
    item.append(make("a", known.title, { href: "mappings/" + known.name + ".html#" + anchor, title: "row " + id }), ": ");
    if (origin) item.append(make("code", origin));
    if (how) item.append(origin ? "; " + how : how);
    return item;
  }

  function kind(field) {
    const cell = document.createDocumentFragment();
    if (field.kind === "child") {
      cell.append(field.type);
      if (field.members) cell.append(": ", links(field.members));
    } else if (field.words && field.words.length > 8) {
      const more = make("details");
      more.append(make("summary", "one of " + field.words.length + " values"), field.words.join(", "));
      cell.append(more);
    } else {
      cell.append(field.words ? "one of: " + field.words.join(", ") : field.type);
    }
    const notes = [];
    if (field.of) notes.push("unit of " + field.of.join(", "));
    if (field.default) notes.push("default " + field.default);
    if (field.choice) notes.push("one of " + field.choice.join(", ") + " is enough");
    if (field.methods) notes.push("belongs in a methods section");
    if (field.from) notes.push("from " + field.from);
    if (field.unwritable) notes.push("no XML can carry it: its published name holds blanks");
    if (notes.length) cell.append(" ", make("span", "(" + notes.join("; ") + ")", { class: "model-note" }));
    return cell;
  }

  function unit(field) {
    if (!field.unit) return "";
    const usual = field.usual ? field.usual + " by default" : "";
    if (field.unit.length <= 3) return [field.unit.join(", "), usual].filter(Boolean).join("; ");
    const more = make("details");
    more.append(make("summary", usual || "one of " + field.unit.length), field.unit.join(", "));
    return more;
  }

  function sources(field, all) {
    if (!field.rows) return "";
    const more = make("details");
    if (all) more.open = true;
    const titles = [...new Set(field.rows.map((r) => data.tables[data.rows[r][0]].title))];
    more.append(make("summary", titles.length > 4 ? titles.length + " tables" : titles.join(", ")));
    const items = make("ul");
    more.addEventListener("toggle", () => {
      if (more.open && !items.children.length) items.append(...field.rows.map(row));
    });
    more.append(items);
    return more;
  }

  const COLUMNS = ["Field", "Value", "Unit", "Tier", "Level", "Extension", "Read from"];
  function table(element, fields) {
    const scroll = make("div", "", { class: "model-scroll" });
    const grid = make("table", "", { class: "model-fields" });
    const head = make("tr");
    COLUMNS.forEach((title) => head.append(make("th", title)));
    const body = make("tbody");
    for (const field of fields) {
      const line = make("tr");
      const name = make("th", "", { scope: "row" });
      const inner = field.local ? element.key + "/" + field.name : field.name;
      name.append(field.kind === "child" ? link(inner, field.name) : field.name);
      line.append(name);
      const asked = field.kind !== "text" && element.extension !== "ome" && !field.of;
      const values = [
        kind(field), unit(field),
        asked && field.tier ? String(field.tier) : "",
        asked && field.level ? make("span", field.level.toUpperCase(), { class: "model-" + field.level }) : "",
        asked ? EXTENSIONS[field.extension] || "" : "", sources(field),
      ];
      values.forEach((value, at) => {
        const cell = make("td", "", value && at > 0 ? { "data-title": COLUMNS[at + 1] } : {});
        cell.append(value);
        line.append(cell);
      });
      body.append(line);
    }
    const top = make("thead");
    top.append(head);
    grid.append(top, body);
    scroll.append(grid);
    return scroll;
  }

  function facts(element) {
    const grid = make("dl");
    function say(title, value) {
      if (!value || (Array.isArray(value) && !value.length)) return;
      const told = make("dd");
      told.append(Array.isArray(value) ? links(value) : value);
      grid.append(make("dt", title), told);
    }
    say("Extension", EXTENSIONS[element.extension]);
    say("Tier", element.tier ? String(element.tier) : "");
    say("Domain", [element.domain, element.category].filter(Boolean).join(", "));
    say("Is a", element.group ? [element.group] : "");
    say("One of", element.one_of);
    say("Stands in", element.key.includes("/") ? [element.key.replace(/\/[^/]*$/, "")] : element.inside);
    say("Usually found in", element.usual);
    return grid;
  }

  function panel(element, fields, open) {
    const box = make("details", "", { class: "model-element", "data-key": element.key });
    const title = make("summary");
    const all = (element.fields || []).length;
    const told = fields.length === all ? all + " fields" : fields.length + " of " + all + " fields";
    title.append(make("b", element.key), make("span", EXTENSIONS[element.extension] + ", " + told, { class: "model-note" }));
    const inside = make("div");
    box.append(title, inside);
    function fill() {
      if (inside.children.length) return;
      inside.append(facts(element));
      if (fields.length) inside.append(table(element, fields));
      if (fields.length < all) {
        const more = make("p");
        more.append(make("a", "All fields of " + element.key, { href: "#" + element.key }));
        inside.append(more);
      }
    }
    box.addEventListener("toggle", () => { if (box.open) fill(); });
    if (open) { box.open = true; fill(); }
    return box;
  }

  function index() {
    const found = make("div", "", { class: "model-index" });
    for (const [name, title] of Object.entries(EXTENSIONS)) {
      const inside = data.elements.filter((e) => e.extension === name && !e.key.includes("/"));
      found.append(make("h2", title + " (" + inside.length + " elements)"));
      const domains = new Map();
      for (const element of inside) {
        const domain = element.domain || "";
        if (!domains.has(domain)) domains.set(domain, []);
        domains.get(domain).push(element.key);
      }
      for (const [domain, keys] of domains) {
        const line = make("p");
        if (domain) line.append(make("span", domain + ": ", { class: "model-note" }));
        line.append(links(keys.sort()));
        found.append(line);
      }
    }
    return found;
  }

  function show() {
    const found = search();
    if (found === null) {
      count.textContent = data.elements.length + " elements; click one, or type.";
      list.replaceChildren(index());
      return;
    }
    const fields = found.reduce((sum, f) => sum + f.fields.length, 0);
    const more = found.length > SHOWN ? "; the first " + SHOWN + " are shown" : "";
    count.textContent = fields + " fields in " + found.length + " elements" + more;
    list.replaceChildren(...found.slice(0, SHOWN).map((f, at) => panel(f.element, f.fields, found.length <= OPEN || at < 2)));
  }

  // An address such as model.html#Objective shows this element, #?lens na a search.
  function go() {
    const key = decodeURIComponent(location.hash.slice(1));
    if (key.startsWith("?")) {
      words.value = key.slice(1);
      show();
    } else if (byKey.has(key)) {
      words.value = "";
      const element = byKey.get(key);
      count.textContent = "";
      const back = make("p");
      const all = make("a", "All elements", { href: "#" });
      back.append(all);
      list.replaceChildren(back, panel(element, element.fields || [], true));
    } else {
      show();
    }
  }

  let waiting = 0;
  function later() {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      history.replaceState(null, "", words.value ? "#?" + encodeURIComponent(words.value) : "#");
      show();
    }, 120);
  }
  words.addEventListener("input", later);
  for (const select of [extension, tier, level, reached]) select.addEventListener("change", show);
  ask.addEventListener("submit", (event) => { event.preventDefault(); show(); });
  window.addEventListener("hashchange", go);
  go();
})();
