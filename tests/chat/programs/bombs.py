"""What a program may do to bring down whoever runs it, and the faults that come of it."""

BOMBS = {
    "endless loop": ("for (;;) ;", {"fuel"}),
    "endless loop that catches": ("for (;;) { try { for (;;) ; } catch {} }", {"fuel"}),
    "memory": ("const all = []; for (;;) all.push(new Array(1000).fill(1.5));", {"memory", "fuel"}),
    "memory that catches": (
        "const all = []; for (;;) { try { for (;;) all.push({}); } catch {} }",
        {"fuel", "memory"},
    ),
    "string doubling": ("let text = 'x'; for (;;) text += text;", {"threw", "memory"}),
    "array buffer": ("return { state: new ArrayBuffer(4e9).byteLength };", {"threw", "memory"}),
    "array fill": ("return { state: new Array(1e9).fill(0) };", {"fuel", "memory"}),
    "recursion": ("const f = () => f() + 1; f();", {"stack"}),
    "deep json": ("JSON.parse('['.repeat(1e6));", {"stack", "fuel"}),
    "regular expression": ("/(a+)+$/.test('a'.repeat(40) + 'b');", {"fuel"}),
    "big integers": ("let n = 3n; for (;;) n *= n;", {"fuel", "memory", "threw"}),
    "sorting": ("new Array(1e5).fill(1).sort(() => { for (;;) ; });", {"fuel"}),
    "new function": ("new Function('for (;;) ;')();", {"fuel"}),
    "object keys": ("const o = {}; for (let i = 0; ; i++) o['key' + i] = i;", {"fuel", "memory"}),
    "proxy recursion": (
        "const p = new Proxy({}, { get: (t, k, self) => self[k] }); p.x;",
        {"stack"},
    ),
    "waiting": ("Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);", {"threw"}),
    "asking for the time": ("for (;;) Date.now();", {"fuel"}),
    "asking for modules": ("for (;;) import('x').catch(() => {});", {"fuel", "memory"}),
    "filling again and again": ("const a = new Uint8Array(8e6); for (;;) a.fill(1);", {"fuel"}),
    "deep answer": (
        "let a = []; for (let i = 0; i < 5000; i++) a = [a]; return { state: a };",
        {"stack", "fuel", "bad_answer"},
    ),
}


def source_of(body: str) -> str:
    """A program whose handler does this."""
    return f"export function onEvent(event, state) {{\n  {body}\n}}"
