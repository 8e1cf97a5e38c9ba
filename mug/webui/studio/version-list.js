/** The versions of a chart with their figures: one is chosen, another is compared with it. */

const COLUMNS = [
  ["stars", "Stars", "", ({ stars }) => (stars === null ? "–" : stars.toFixed(2))],
  ["notes", "Notes", "", ({ notes }) => String(notes)],
  ["long", "Long", "Share of long notes", ({ long }) => percent(long)],
  ["skills", "Skills", "What it demands most", ({ skills }) => skills.join(", ") || "–"],
  ["repeats", "Repeats", "Share of its rhythms that return in the same columns", ({ repeats }) => percent(repeats)],
  ["problems", "Problems", "Against the ranking criteria; the triangles over the song", problems],
];

const TEMPLATE = `
<section aria-labelledby="versions-title">
  <header><h2 id="versions-title">Versions</h2>
    <div class="version-actions" role="group" aria-label="Versions">
      <button type="button" class="compare" aria-keyshortcuts="b"
        title="Switch between two versions where the song is (B)">A/B</button>
      <button type="button" class="undo" aria-keyshortcuts="Control+z" title="Take a step back (Ctrl Z)">Undo</button>
      <button type="button" class="redo" aria-keyshortcuts="Control+y" title="Take it again (Ctrl Y)">Redo</button>
    </div></header>
  <div class="version-table"><table>
    <thead><tr><th scope="col">Version</th>${COLUMNS.map(
      ([name, text, title]) => `<th scope="col" class="${name}"${title && ` title="${title}"`}>${text}</th>`,
    ).join("")}<td></td></tr></thead>
    <tbody></tbody></table></div>
</section>`;

export class VersionList {
  /** `does`: choose(id), hide(id), compare(), undo(), redo(). */
  constructor(element, does) {
    element.innerHTML = TEMPLATE;
    this.element = element;
    this.does = does;
    this.body = element.querySelector("tbody");
    for (const name of ["compare", "undo", "redo"])
      element.querySelector(`.${name}`).addEventListener("click", () => does[name]());
    this.body.addEventListener("change", ({ target }) => does.choose(Number(target.value)));
    this.body.addEventListener("click", ({ target }) => {
      const row = target.closest("tr");
      if (target.closest(".hide")) does.hide(Number(row.dataset.id));
      else if (row && !target.closest("label, input")) row.querySelector("input").click();
    });
  }

  /** Show a value of the studio. `other`: the version that is compared with the current one, or null. */
  show({ versions, current, can_undo: canUndo, can_redo: canRedo }, other) {
    const hadFocus = this.body.contains(document.activeElement);
    this.element.querySelector("section").hidden = versions.length === 0 && !canUndo && !canRedo;
    this.element.querySelector(".undo").disabled = !canUndo;
    this.element.querySelector(".redo").disabled = !canRedo;
    const byId = new Map(versions.map((version) => [version.id, version]));
    this.body.replaceChildren(...inOrder(versions).map(([version, depth]) => rowOf(version, depth, byId)));
    this.mark(current, other);
    if (hadFocus) this.body.querySelector("input:checked")?.focus();
  }

  /** Mark the version that plays as A, and the one compared with it as B. */
  mark(current, other) {
    for (const row of this.body.children) {
      const id = Number(row.dataset.id);
      row.classList.toggle("is-current", id === current);
      row.querySelector("input").checked = id === current;
      const isPair = other !== null && (id === current || id === other);
      row.querySelector(".mark").textContent = isPair ? (id === current ? "A" : "B") : "";
    }
    this.element.querySelector(".compare").disabled = other === null;
  }
}

/** The versions with what was made of each right after it: [version, how far it is from an opened or new one]. */
function inOrder(versions) {
  const ids = new Set(versions.map(({ id }) => id));
  const rows = [];
  const add = (parent, depth) => {
    for (const version of versions) {
      const from = ids.has(version.parent) ? version.parent : null;
      if (from !== parent) continue;
      rows.push([version, depth]);
      add(version.id, depth + 1);
    }
  };
  add(null, 0);
  return rows;
}

function rowOf(version, depth, byId) {
  const row = document.createElement("tr");
  row.dataset.id = version.id;
  row.style.setProperty("--depth", Math.min(depth, 6));
  const figures = COLUMNS.map(([name]) => `<td class="${name}"></td>`).join("");
  row.innerHTML = `<th scope="row"><label><input type="radio" name="version">
    <span class="mark" aria-hidden="true"></span><span class="name"></span></label><small class="made"></small></th>
    ${figures}<td><button type="button" class="hide">×</button></td>`;
  row.querySelector("input").value = version.id;
  row.querySelector(".name").textContent = version.name;
  const parent = byId.get(version.parent);
  row.querySelector(".made").textContent = [version.made, parent && `from ${parent.name}`].filter(Boolean).join(", ");
  for (const [name, , , textOf] of COLUMNS) row.querySelector(`td.${name}`).textContent = textOf(version.figures);
  const hide = row.querySelector(".hide");
  hide.setAttribute("aria-label", `Put away ${version.name}`);
  hide.title = "Put it away; Undo brings it back";
  return row;
}

function percent(share) {
  return share === null ? "–" : `${Math.round(100 * share)} %`;
}

function problems({ problems: bad, warnings }) {
  if (bad) return `${bad}${warnings ? ` + ${warnings} small` : ""}`;
  return warnings ? `${warnings} small` : "none";
}
