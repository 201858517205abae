/**
 * The part of the Common Expression Language that Credential Access Boundaries use on Cloud
 * Storage: `resource.name`, `resource.type`, `resource.service`, `api.getAttribute(name, default)`,
 * `.startsWith`, `.endsWith`, `==`, `!=`, `!`, `&&`, `||`, parentheses and texts.
 * https://cloud.google.com/iam/docs/downscoping-short-lived-credentials#limit-permissions
 */
export interface Circumstances {
  /** `projects/_/buckets/B` or `projects/_/buckets/B/objects/NAME`. */
  readonly resourceName: string;
  /** What the request lists; undefined when it lists nothing. */
  readonly objectListPrefix: string | undefined;
}

type Value = string | boolean;
type Node = {
  readonly type: 'text' | 'truth';
  readonly of: (circumstances: Circumstances) => Value;
};

export type Condition = (circumstances: Circumstances) => boolean;

const TOKEN =
  /\s*(?:(\|\||&&|==|!=|[().,!])|([A-Za-z_][A-Za-z0-9_]*)|'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")/y;

type Token = { readonly kind: 'sign' | 'word' | 'text'; readonly value: string };

/** Undefined when the expression does not parse, or is no truth in the end. */
export function parseCondition(expression: string): Condition | undefined {
  const tokens = tokenize(expression);
  if (tokens === undefined) return undefined;
  try {
    const parser = createParser(tokens);
    const node = parser.either();
    if (node.type !== 'truth' || !parser.atEnd()) return undefined;
    return (circumstances) => node.of(circumstances) === true;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function tokenize(expression: string): readonly Token[] | undefined {
  const tokens: Token[] = [];
  const source = expression.trimEnd();
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < source.length) {
    const found = TOKEN.exec(source);
    if (found === null) return undefined;
    const [, sign, word, single, double] = found;
    if (sign !== undefined) tokens.push({ kind: 'sign', value: sign });
    else if (word !== undefined) tokens.push({ kind: 'word', value: word });
    else tokens.push({ kind: 'text', value: (single ?? double ?? '').replace(/\\(.)/g, '$1') });
  }
  return tokens;
}

/** Recursive descent, loosest first: `||`, `&&`, `==` and `!=`, `!`, then calls. */
function createParser(tokens: readonly Token[]) {
  let at = 0;
  const takes = (value: string): boolean => {
    const token = tokens[at];
    if (token === undefined || token.kind === 'text' || token.value !== value) return false;
    at += 1;
    return true;
  };
  const must = (value: string): void => {
    if (!takes(value)) throw new SyntaxError(`${value} expected`);
  };
  const word = (): string => {
    const token = tokens[at];
    if (token?.kind !== 'word') throw new SyntaxError('a name expected');
    at += 1;
    return token.value;
  };

  function either(): Node {
    let left = both();
    while (takes('||')) left = join(left, both(), (a, b) => a || b);
    return left;
  }

  function both(): Node {
    let left = equal();
    while (takes('&&')) left = join(left, equal(), (a, b) => a && b);
    return left;
  }

  function equal(): Node {
    const left = unary();
    const same = takes('==');
    if (!same && !takes('!=')) return left;
    const right = unary();
    if (left.type !== right.type) throw new SyntaxError('two types compared');
    return { type: 'truth', of: (given) => (left.of(given) === right.of(given)) === same };
  }

  function unary(): Node {
    if (!takes('!')) return member();
    const inner = unary();
    if (inner.type !== 'truth') throw new SyntaxError('a truth expected after !');
    return { type: 'truth', of: (given) => inner.of(given) !== true };
  }

  function member(): Node {
    let node = primary();
    while (takes('.')) {
      const name = word();
      if (name !== 'startsWith' && name !== 'endsWith') throw new SyntaxError(`no method ${name}`);
      must('(');
      const subject = text(node);
      const part = text(either());
      must(')');
      node = { type: 'truth', of: (given) => subject(given)[name](part(given)) };
    }
    return node;
  }

  function primary(): Node {
    const token = tokens[at];
    if (takes('(')) {
      const inner = either();
      must(')');
      return inner;
    }
    if (token?.kind === 'text') {
      at += 1;
      return { type: 'text', of: () => token.value };
    }
    const root = word();
    if (root === 'true' || root === 'false') return { type: 'truth', of: () => root === 'true' };
    must('.');
    const field = word();
    if (root === 'resource') return resource(field);
    if (root !== 'api' || field !== 'getAttribute') throw new SyntaxError(`no ${root}.${field}`);
    must('(');
    const name = text(either());
    must(',');
    const otherwise = text(either());
    must(')');
    return {
      type: 'text',
      of: (given) =>
        (name(given) === 'storage.googleapis.com/objectListPrefix'
          ? given.objectListPrefix
          : undefined) ?? otherwise(given),
    };
  }

  return { either, atEnd: () => at === tokens.length };
}

function resource(field: string): Node {
  switch (field) {
    case 'name':
      return { type: 'text', of: ({ resourceName }) => resourceName };
    case 'service':
      return { type: 'text', of: () => 'storage.googleapis.com' };
    case 'type':
      return {
        type: 'text',
        of: ({ resourceName }) =>
          `storage.googleapis.com/${resourceName.includes('/objects/') ? 'Object' : 'Bucket'}`,
      };
    default:
      throw new SyntaxError(`no resource.${field}`);
  }
}

function text(node: Node): (circumstances: Circumstances) => string {
  if (node.type !== 'text') throw new SyntaxError('a text expected');
  return (circumstances) => String(node.of(circumstances));
}

function join(left: Node, right: Node, operate: (a: boolean, b: boolean) => boolean): Node {
  if (left.type !== 'truth' || right.type !== 'truth') throw new SyntaxError('a truth expected');
  return {
    type: 'truth',
    of: (given) => operate(left.of(given) === true, right.of(given) === true),
  };
}
