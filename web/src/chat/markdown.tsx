import { lexer, type Token, type Tokens } from "marked";
import { Fragment, memo, type ReactNode } from "react";

const KEPT_MAX = 1000;
const LINKS = /^(https?:|mailto:)/i;

const kept = new Map<string, Token[]>();

/** The tokens of a text (CommonMark with tables and strike-through), kept for the next time. */
function tokensOf(text: string): Token[] {
  let tokens = kept.get(text);
  if (!tokens) {
    tokens = lexer(text, { gfm: true, breaks: true });
    if (kept.size >= KEPT_MAX) kept.delete(kept.keys().next().value as string);
    kept.set(text, tokens);
  }
  return tokens;
}

interface MarkdownProps {
  text: string;
  lang?: string;
  /** What stands for people, such as `@Ada`, and is marked. */
  mentions: readonly string[];
  /** Which of them is the reader. */
  mine: readonly string[];
}

/** A text with its marks. It becomes elements, never HTML: what looks like HTML is shown as text. */
export const Markdown = memo(function Markdown({ text, lang, mentions, mine }: MarkdownProps) {
  return (
    <div lang={lang} dir="auto" className="chat-text">
      <Blocks tokens={tokensOf(text)} words={{ mentions, mine }} />
    </div>
  );
});

interface Words {
  mentions: readonly string[];
  mine: readonly string[];
}

function Blocks({ tokens, words }: { tokens: readonly Token[]; words: Words }) {
  return tokens.map((token, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the tokens of a text never change their places
    <Fragment key={index}>{drawn(token, words)}</Fragment>
  ));
}

function drawn(token: Token, words: Words): ReactNode {
  const inner = <Blocks tokens={("tokens" in token && token.tokens) || []} words={words} />;
  switch (token.type) {
    case "paragraph":
      return <p>{inner}</p>;
    case "heading":
      return (
        <p>
          <strong>{inner}</strong>
        </p>
      );
    case "strong":
      return <strong>{inner}</strong>;
    case "em":
      return <em>{inner}</em>;
    case "del":
      return <s>{inner}</s>;
    case "codespan":
      return <code>{token.text}</code>;
    case "br":
      return <br />;
    case "hr":
      return <hr />;
    case "space":
    case "def":
      return null;
    case "code":
      return (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <pre tabIndex={0}>
          <code>{token.text}</code>
        </pre>
      );
    case "blockquote":
      return <blockquote>{inner}</blockquote>;
    case "list":
      return <List list={token as Tokens.List} words={words} />;
    case "table":
      return <Table table={token as Tokens.Table} words={words} />;
    case "link":
      return <Anchor href={token.href}>{inner}</Anchor>;
    case "image":
      return <Anchor href={token.href}>{token.text || token.href}</Anchor>;
    case "checkbox":
      return token.checked ? "☑ " : "☐ ";
    case "text":
      return "tokens" in token && token.tokens ? inner : <Said text={token.text} words={words} />;
    case "escape":
      return token.text;
    default:
      return token.raw;
  }
}

function Anchor({ href, children }: { href: string; children: ReactNode }) {
  if (!LINKS.test(href)) return children;
  const isHere = href.startsWith(`${window.location.origin}/`);
  const elsewhere = isHere ? {} : { target: "_blank", rel: "noopener noreferrer nofollow" };
  return (
    <a href={href} {...elsewhere}>
      {children}
    </a>
  );
}

function List({ list, words }: { list: Tokens.List; words: Words }) {
  const items = list.items.map((item, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the tokens of a text never change their places
    <li key={index}>
      <Blocks tokens={item.tokens} words={words} />
    </li>
  ));
  return list.ordered ? <ol start={Number(list.start) || 1}>{items}</ol> : <ul>{items}</ul>;
}

function Table({ table, words }: { table: Tokens.Table; words: Words }) {
  const cells = (row: Tokens.TableCell[], Cell: "th" | "td") =>
    row.map((cell, index) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: the tokens of a text never change their places
      <Cell key={index}>
        <Blocks tokens={cell.tokens} words={words} />
      </Cell>
    ));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <div className="overflow-x-auto" tabIndex={0}>
      <table>
        <thead>
          <tr>{cells(table.header, "th")}</tr>
        </thead>
        <tbody>
          {table.rows.map((row, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the tokens of a text never change their places
            <tr key={index}>{cells(row, "td")}</tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Plain words, in which people are marked. */
function Said({ text, words }: { text: string; words: Words }) {
  return split(text, words.mentions).map((part, index) =>
    words.mentions.includes(part) ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text never change their places
      <span key={index} className={words.mine.includes(part) ? "mention mine" : "mention"}>
        {part}
      </span>
    ) : (
      part
    ),
  );
}

/** A text cut at these words, which stand by themselves in what comes out. */
export function split(text: string, words: readonly string[]): string[] {
  if (words.length === 0) return [text];
  const longest = [...words].sort((one, other) => other.length - one.length);
  const escaped = longest.map((each) => each.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return text.split(new RegExp(`(${escaped.join("|")})`, "u")).filter((each) => each !== "");
}
