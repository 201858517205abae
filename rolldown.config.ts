import { defineConfig } from 'rolldown';
import type { Plugin } from 'rolldown';

/*
 * The program as it is shipped: `dist/main.js` and one chunk for each thing that is imported when it
 * is needed, so that a start reads only what it uses.
 */
export default defineConfig({
  input: {
    main: 'src/main.ts',
    // The demo runs them as processes of their own.
    'aws-client': 'src/demo/aws-client.ts',
    'google-client': 'src/demo/google-client.ts',
    'azure-client': 'src/demo/azure-client.ts',
  },
  platform: 'node',
  // A native addon, found by its own package at run time.
  external: ['@napi-rs/keyring'],
  transform: { target: 'node22' },
  plugins: [plainBuiltins()],
  checks: { sourcemapBroken: false }, // it moves nothing, see there
  output: {
    dir: 'dist',
    format: 'esm',
    // One flat folder: what is found relative to a module is found from every chunk alike.
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
    sourcemap: true,
    minify: { compress: true, mangle: false, codegen: { removeWhitespace: true } },
    codeSplitting: { groups: startGroups() },
    cleanDir: true,
  },
});

/**
 * What is always loaded together is one file each: to find and read one costs half a millisecond.
 * The first group is all of the credential helper, and must stay free of everything else.
 */
function startGroups() {
  return [
    {
      name: 'helper',
      priority: 3,
      test: /\/src\/(?:core\/(?:errors|credential|grant-text)|config\/paths|files\/socket-owner|credential-helpers\/)/,
    },
    {
      name: 'cli',
      priority: 2,
      test: /\/src\/cli\/(?:program|argv|command|output|terminal|commands\/(?:index|serve))\.ts$|\/node_modules\/commander\/|\/package\.json$/,
    },
    {
      name: 'daemon',
      priority: 1,
      test: /\/src\/(?:core|config|composition|files|workloads\/(?!service-accounts)[^/]+|server|endpoints|broker|catalog)\b|\/src\/daemon\.ts$|\/node_modules\/(?:zod|yaml|lru-cache)\//,
    },
  ];
}

/**
 * Node's own modules, by `process.getBuiltinModule` in place of `import`. An `import` reads every
 * property of the module once, getters too: of `node:http` that loads the whole of Node's fetch (some
 * 30 ms and 13 MiB at start) although only `createServer` is wanted. Each statement has a line of its
 * own here, so nothing else moves in the source maps.
 */
function plainBuiltins(): Plugin {
  const STATEMENT =
    /^import (?:(?<whole>[\w$]+)|\* as (?<space>[\w$]+))?(?:, )?(?:\{ (?<names>[^}]+) \})? from "(?<id>node:[\w/]+)";$/gm;
  const ON_FIRST_USE = /\bimport\("(?<id>node:[\w/]+)"\)/g;
  const builtin = (id: string | undefined) =>
    `globalThis.process.getBuiltinModule(${JSON.stringify(id)})`;
  return {
    name: 'plain-builtins',
    renderChunk: (code) =>
      code
        .replaceAll(STATEMENT, (...match) => {
          const { whole, space, names, id } = match.at(-1) as Record<string, string | undefined>;
          const chosen = names?.replaceAll(/([\w$]+) as ([\w$]+)/g, '$1: $2');
          return [whole, space, chosen === undefined ? undefined : `{ ${chosen} }`]
            .flatMap((target) =>
              target === undefined ? [] : [`const ${target} = ${builtin(id)};`],
            )
            .join(' ');
        })
        .replaceAll(ON_FIRST_USE, (_, id: string) => `Promise.resolve(${builtin(id)})`),
  };
}
