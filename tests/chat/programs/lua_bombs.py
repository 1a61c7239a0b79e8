"""The same for Lua: what a program may do to bring down whoever runs it, and what comes of it."""

LUA_BOMBS = {
    "endless loop": ("while true do end", {"fuel"}),
    "endless loop that catches": (
        "while true do pcall(function() while true do end end) end",
        {"fuel"},
    ),
    "memory": (
        "local all = {} while true do all[#all + 1] = ('x'):rep(9999) .. #all end",
        {"fuel", "memory"},
    ),
    "memory that catches": (
        "local all = {}\n"
        "while true do pcall(function() while true do all[#all + 1] = {} end end) end",
        {"fuel", "memory"},
    ),
    "string doubling": ("local text = 'x' while true do text = text .. text end", {"memory"}),
    "one long string": ("return { state = #('x'):rep(1e9) }", {"memory"}),
    "an impossible string": ("return { state = #('x'):rep(1 << 33) }", {"threw"}),
    "failing for memory again and again": (
        "local text = ('x'):rep(5e6)\n"
        "while true do pcall(function() return text .. text .. text end) end",
        {"fuel"},
    ),
    "concatenation of a table": (
        "local all = {} for at = 1, 1000 do all[at] = ('x'):rep(99999) end\n"
        "return { state = #table.concat(all) }",
        {"fuel", "memory"},
    ),
    "moving without end": ("table.move({}, 1, 1 << 40, 2)", {"fuel"}),
    "copying again and again": (
        "local text = ('x'):rep(4e6) while true do local _ = text .. 'y' end",
        {"fuel"},
    ),
    "recursion": ("local function f() return 1 + f() end f()", {"fuel", "memory", "stack"}),
    "recursion through the interpreter": (
        "local function f(text) return (text:gsub('.', f)) end f('x')",
        {"stack"},
    ),
    "recursion through protected calls": (
        "local function f() return pcall(f) end while true do f() end",
        {"fuel"},
    ),
    "recursion through metatables": (
        "local t = setmetatable({}, { __index = function(self, key) return self[key] end })\n"
        "return { state = t.x }",
        {"stack"},
    ),
    "errors without end": ("while true do pcall(error, {}) end", {"fuel"}),
    "errors in the handler of errors": (
        "local function handle(thrown) error(thrown) end while true do xpcall(error, handle) end",
        {"fuel"},
    ),
    "a pattern": ("string.find(('a'):rep(2e5), ('.-'):rep(150) .. 'b')", {"fuel"}),
    "sorting": (
        "local all = {} for at = 1, 1e5 do all[at] = 1 end\n"
        "table.sort(all, function() while true do end end)",
        {"fuel"},
    ),
    "sorting without an order": (
        "local all = {} for at = 1, 1e4 do all[at] = at end\n"
        "table.sort(all, function() return true end)",
        {"threw"},
    ),
    "a coroutine that yields without end": (
        "local again = coroutine.wrap(function() while true do coroutine.yield() end end)\n"
        "while true do again() end",
        {"fuel"},
    ),
    "coroutines within each other": (
        "local function f() coroutine.wrap(f)() end f()",
        {"stack"},
    ),
    "a flood of coroutines": (
        "local all = {}\n"
        "while true do\n"
        "  local one = coroutine.create(function() coroutine.yield(('x'):rep(9999) .. #all) end)\n"
        "  coroutine.resume(one)\n"
        "  all[#all + 1] = one\n"
        "end",
        {"fuel", "memory"},
    ),
    "a finaliser": (
        "setmetatable({}, { __gc = function() while true do end end })\n"
        "while true do local _ = {} end",
        {"fuel"},
    ),
    "finalisers of finalisers": (
        "local function again() setmetatable({}, { __gc = again }) end again()\n"
        "while true do local _ = {} end",
        {"fuel"},
    ),
    "a variable that is closed": (
        "local _ <close> = setmetatable({}, { __close = function() while true do end end })",
        {"fuel"},
    ),
    "the metatable of strings": (
        "getmetatable('').__index = function() while true do end end\nreturn { state = ('a').b }",
        {"fuel"},
    ),
    "an error that is an object": (
        "error(setmetatable({}, { __tostring = function() while true do end end }))",
        {"threw"},
    ),
    "source that is loaded": ("load('while true do end')()", {"fuel"}),
    "source that nests": (
        "assert(load('return ' .. ('('):rep(1e5) .. '1' .. (')'):rep(1e5)))",
        {"stack", "threw"},
    ),
    "too many values": ("table.unpack({}, 1, 1e7)", {"threw"}),
    "a deep answer": (
        "local all = {} for at = 1, 5000 do all = { all } end return { state = all }",
        {"bad_answer"},
    ),
    "an answer that contains itself": (
        "local all = {} all.all = all return { state = all }",
        {"bad_answer"},
    ),
}


def lua_source_of(body: str) -> str:
    """A program whose handler does this."""
    return f"function on_event(event, state)\n{body}\nend"
