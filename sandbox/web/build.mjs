// Bundles src/ into ../static/ or another folder, with the names of emoji and the licences
// of the bundled packages.
import { readFile, readdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = resolve(process.argv[2] ?? join(here, "../static"));
const require = createRequire(import.meta.url);

/** `virtual:emoji`: [character, words to search by, group, names in Slack], in Unicode's order. */
function rows() {
  const names = require("emojibase-data/en/shortcodes/iamcal.json");
  return require("emojibase-data/en/compact.json")
    .filter(({ hexcode, group }) => names[hexcode] && group !== undefined)
    .sort((a, b) => a.order - b.order)
    .map(({ unicode, label, tags, group, hexcode }) => [
      unicode,
      [label, ...(tags ?? [])].join(" "),
      group,
      ...[names[hexcode]].flat(),
    ]);
}

const emoji = {
  name: "emoji",
  setup(bundler) {
    bundler.onResolve({ filter: /^virtual:emoji$/ }, ({ path }) => ({ path, namespace: "emoji" }));
    bundler.onLoad({ filter: /.*/, namespace: "emoji" }, () => ({
      contents: JSON.stringify(rows()),
      loader: "json",
    }));
  },
};

/** Code inside of packages that their licences do not mention. */
const CONTAINED = {
  "slack-blocks-to-jsx": "\nIt contains @yozora/parser (MIT), Copyright (c) guanghechen.",
};

async function licences(inputs) {
  const packages = new Set(["emojibase-data"]);
  for (const input of inputs) {
    const match = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (match) packages.add(match[1]);
  }
  const texts = [];
  for (const name of [...packages].sort()) {
    const folder = join(here, "node_modules", name);
    const { version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
    if (!file) throw new Error(`${name} comes without a licence`);
    const text = (await readFile(join(folder, file), "utf8")).trim();
    const within = CONTAINED[name] ?? "";
    texts.push(`${name} ${version} (${license})${within}\n\n${text}\n`);
  }
  return `What is bundled in page.js and page.css.\n\n${texts.join(`\n${"-".repeat(78)}\n\n`)}`;
}

const { metafile } = await build({
  absWorkingDir: here,
  entryPoints: { page: "src/main.tsx" },
  outdir: out,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  jsx: "automatic",
  legalComments: "none",
  define: { "process.env.NODE_ENV": '"production"' },
  alias: {
    // The library's own emoji table and Markdown parser are larger than the rest of the
    // page. We use Slack's names, and show the source of a `markdown` block.
    "node-emoji": "./src/emoji.ts",
    "react-markdown": "./src/Markdown.tsx",
    "remark-gfm": "./src/Markdown.tsx",
  },
  plugins: [emoji],
  metafile: true,
  logLevel: "warning",
});
// The names that the pretend Slack accepts as reactions.
const allNames = rows().flatMap(([, , , ...names]) => names);
await writeFile(join(out, "emoji.json"), `${JSON.stringify(allNames.sort(), null, 0)}\n`);
await writeFile(join(out, "licences.txt"), await licences(Object.keys(metafile.inputs)));
