// SPDX-License-Identifier: GPL-2.0-only
/*
 * The script of the svg and html exports: widths by bytes, blocks or growth, zoom and search.
 *
 * It moves the frames that export_flame_draw.c has written, and creates the controls, so that a page
 * without scripts has no dead ones. It reads attributes and text only and makes no markup of them.
 * It is in XML and in HTML: no end of CDATA, no end tag.
 */
(function () {
	"use strict";

	const XHTML = "http://www.w3.org/1999/xhtml";
	const COLUMN = 7.25;
	const TEXT_MARGIN = 6;
	const SMALLEST = 0.4;
	const GAP = 0.5;
	const MEASURES = ["bytes", "blocks", "growth"];
	const GREW = "#f5a58c", SHRANK = "#8fbcf5", UNCHANGED = "#d9d9d9";

	const picture = document.getElementById("graph");
	const group = document.getElementById("frames");
	const left = Number(group.dataset.left);
	const width = Number(group.dataset.width);
	const frames = Array.from(group.children, read_frame);
	const root = frames[0];
	const by_node = new Map(frames.map(f => [f.node, f]));
	const has_growth = root.value.growth !== undefined;

	let measure = "bytes";
	let zoomed = root;
	let wanted = "";

	// Places are rounded to 53 bits; sums that are shown are exact.
	function read_frame(element) {
		const f = { element: element, node: element.dataset.node, at: {}, value: {}, exact: {} };
		for (const m of MEASURES) {
			if (!(m in element.dataset))
				continue;
			const words = element.dataset[m].split(" ");
			f.at[m] = Number(words[0]);
			f.value[m] = Number(words[1]);
			f.exact[m] = BigInt(words[1]);
		}
		f.parent_node = element.dataset.parent;
		f.net = f.value.growth - 2 * Number(element.dataset.shrunk);
		f.name = element.querySelector("title").textContent.split("\n")[0];
		f.rect = element.querySelector("rect");
		f.text = element.querySelector("text");
		return f;
	}

	function parent_of(f) {
		return by_node.get(f.parent_node);
	}

	function columns_of(character) {
		return character.codePointAt(0) >= 0x1100 ? 2 : 1;
	}

	// The start of a name that has place in so many columns.
	function cut(name, columns) {
		if (columns < 3)
			return "";
		let used = 0, fits = "";
		for (const c of name) {
			used += columns_of(c);
			if (used > columns)
				return fits + "\u2026";
			if (used < columns)
				fits += c;
		}
		return name;
	}

	function percent(part, whole) {
		return (whole ? 100 * part / whole : 0).toFixed(2) + "%";
	}

	function place(f, x, w) {
		f.element.setAttribute("display", w < SMALLEST ? "none" : "inline");
		if (w < SMALLEST)
			return;
		f.element.setAttribute("x", left + x);
		f.element.setAttribute("width", w > 2 * GAP ? w - GAP : w);
		f.text.textContent = cut(f.name, Math.floor((w - TEXT_MARGIN) / COLUMN));
	}

	function colour(f) {
		if (measure !== "growth")
			return "";
		return f.net > 0 ? GREW : f.net < 0 ? SHRANK : UNCHANGED;
	}

	// Callers of the zoomed frame have the whole width; what is beside it is not shown.
	function draw() {
		if (!zoomed.value[measure])
			zoomed = root;
		const above = new Set(), inside = new Set([zoomed]);
		for (let f = parent_of(zoomed); f; f = parent_of(f))
			above.add(f);
		const all = zoomed.value[measure];
		for (const f of frames) {
			if (inside.has(parent_of(f)))
				inside.add(f);
			f.element.classList.toggle("above", above.has(f));
			f.rect.style.fill = colour(f);
			if (above.has(f) || f === zoomed)
				place(f, 0, width);
			else if (inside.has(f) && all)
				place(f, (f.at[measure] - zoomed.at[measure]) / all * width,
				      f.value[measure] / all * width);
			else
				place(f, 0, 0);
		}
		show_state();
	}

	// A match inside of a match is not counted again.
	function search() {
		const matches = new Set();
		let bytes = 0n, blocks = 0n;
		for (const f of frames) {
			const is_match = wanted !== "" && f.name.toLowerCase().includes(wanted);
			const parent = parent_of(f);
			f.element.classList.toggle("match", is_match);
			if (is_match && !matches.has(parent)) {
				bytes += f.exact.bytes;
				blocks += f.exact.blocks;
			}
			if (is_match || matches.has(parent))
				matches.add(f);
		}
		picture.classList.toggle("searched", wanted !== "");
		return amount(bytes, blocks);
	}

	function amount(bytes, blocks) {
		return bytes.toLocaleString("en-US") + " bytes (" +
			percent(Number(bytes), root.value.bytes) + ") in " +
			blocks.toLocaleString("en-US") + " blocks";
	}

	function explain() {
		if (measure !== "growth")
			return "width: " + measure;
		if (!root.value.growth)
			return "no stack has grown or shrunk";
		return "width: change of bytes; red has grown, blue has shrunk";
	}

	function show_state() {
		if (wanted !== "")
			state.textContent = "found: " + search();
		else if (search() && zoomed !== root)
			state.textContent = zoomed.name + ": " + amount(zoomed.exact.bytes, zoomed.exact.blocks);
		else
			state.textContent = explain();
		for (const button of buttons)
			button.setAttribute("aria-pressed", String(button.dataset.measure === measure));
		reset.disabled = zoomed === root;
	}

	function zoom(f) {
		zoomed = f;
		draw();
	}

	// === Controls ===

	function add(name, text) {
		const element = document.createElementNS(XHTML, name);
		element.textContent = text;
		document.getElementById("controls").append(element);
		return element;
	}

	function add_measure(m) {
		const button = add("button", m);
		button.dataset.measure = m;
		button.addEventListener("click", () => {
			measure = m;
			draw();
		});
		if (m === "growth" && !has_growth) {
			button.disabled = true;
			button.textContent = "growth (no mark)";
			button.title = "The report has no start to compare with: no mark, and no former export.";
		}
		return button;
	}

	function handle_key(event) {
		if ((event.ctrlKey || event.metaKey) && event.key === "f" &&
		    document.activeElement !== input) {
			event.preventDefault();
			input.focus();
			input.select();
		} else if (event.key === "Escape") {
			zoom(root);
		}
	}

	const buttons = MEASURES.map(add_measure);
	const reset = add("button", "reset zoom");
	const input = add("input", "");
	const state = add("output", "");
	input.type = "search";
	input.placeholder = "find functions (Ctrl-F)";
	input.setAttribute("aria-label", "find functions");
	input.addEventListener("input", () => {
		wanted = input.value.trim().toLowerCase();
		show_state();
	});
	reset.addEventListener("click", () => zoom(root));
	for (const f of frames)
		f.element.addEventListener("click", () => zoom(f));
	document.addEventListener("keydown", handle_key);
	document.getElementById("hint").remove();
	draw();
})();
