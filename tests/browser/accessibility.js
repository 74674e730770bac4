// What accessibility.py asks of a page: a list of what is wrong with it.
() => {
  const said = [];
  if (!document.documentElement.lang) said.push("the page names no language");
  if (!document.title) said.push("the page has no title");
  if (document.querySelectorAll("h1").length !== 1) said.push("there is not exactly one main heading");
  if (!document.querySelector("main")) said.push("there is no main part");
  let level = 1;
  for (const each of document.querySelectorAll("main h1, main h2, main h3, main h4")) {
    const own = Number(each.tagName[1]);
    // The summary of problems stands before the main heading.
    if (own > level + 1) said.push(`the heading "${each.textContent}" leaves a level out`);
    level = own;
  }
  for (const each of document.querySelectorAll("input:not([type=hidden]):not([hidden]), textarea, select")) {
    if (!each.labels.length && !each.getAttribute("aria-label")) said.push(`the field ${each.name} has no label`);
    for (const id of (each.getAttribute("aria-describedby") || "").split(" ").filter(Boolean))
      if (!document.getElementById(id)) said.push(`the field ${each.name} is described by nothing (${id})`);
  }
  const ids = [...document.querySelectorAll("[id]")].map((each) => each.id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) said.push(`the id ${id} is there twice`);
  for (const each of document.querySelectorAll("button, a"))
    if (!each.textContent.trim() && !each.getAttribute("aria-label")) said.push("a button or link says nothing");
  for (const each of document.querySelectorAll("img"))
    if (!each.hasAttribute("alt")) said.push("a picture has no words");
  for (const each of document.querySelectorAll("th")) if (!each.scope) said.push("a heading of a table has no scope");
  const light = (colour) => {
    const [r, g, b] = colour.match(/[0-9.]+/g).slice(0, 3).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (each) => {
    for (; each; each = each.parentElement) {
      const colour = getComputedStyle(each).backgroundColor;
      if (!/, 0\)$/.test(colour) && colour !== "transparent") return colour;
    }
    return "rgb(255, 255, 255)";
  };
  for (const each of document.querySelectorAll("body *")) {
    if (![...each.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim())) continue;
    if (each.closest(".hidden, .skip, noscript, script")) continue;
    const pair = [light(getComputedStyle(each).color), light(ground(each))].sort((a, b) => b - a);
    const contrast = (pair[0] + 0.05) / (pair[1] + 0.05);
    if (contrast < 4.5) said.push(`"${each.textContent.trim().slice(0, 40)}" has a contrast of ${contrast.toFixed(2)}`);
  }
  return said;
}
