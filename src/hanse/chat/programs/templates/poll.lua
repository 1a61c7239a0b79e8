-- A poll: "/poll Where do we eat? | Canteen | Harbour" shows a card with a button for each answer.
-- Everybody has one vote and may change it; "/poll close" by whoever began it ends the poll.

initial_state = { polls = 0 }

local function key_of(state) return "poll-" .. state.polls end

local function say(event, text)
  return { effects = { { type = "post", text = text, thread = event.thread or event.number } } }
end

local function card(state, is_open)
  local poll, counts, lines, buttons = state.poll, {}, {}, {}
  for _, answer in pairs(poll.votes) do counts[answer] = (counts[answer] or 0) + 1 end
  for at, answer in ipairs(poll.answers) do
    lines[at] = (counts[at] or 0) .. " · " .. answer
    buttons[at] = { name = tostring(at - 1), label = answer }
  end
  return {
    type = "card",
    key = key_of(state),
    title = poll.question,
    text = table.concat(lines, "\n"),
    buttons = is_open and buttons or nil,
  }
end

local function shortened(text)
  local stop = utf8.offset(text, 81)
  return stop and text:sub(1, stop - 1) or text
end

local function open(event, state, words)
  local parts = {}
  for part in words:gmatch("[^|]+") do
    part = part:match("^%s*(.-)%s*$")
    if part ~= "" then table.insert(parts, shortened(part)) end
  end
  local question = table.remove(parts, 1)
  if state.poll then return say(event, "A poll is open already: end it with /poll close.") end
  if #parts < 2 or #parts > 10 then
    return say(event, "So: /poll Question? | One answer | Another answer (up to ten).")
  end
  state.poll = { question = question, answers = parts, by = event.sender_id, votes = {} }
  state.polls = state.polls + 1
  return { state = state, effects = { card(state, true) } }
end

local function vote(event, state)
  local poll, at = state.poll, tonumber(event.body.button)
  if not poll or event.body.key ~= key_of(state) or not at then return end
  if not poll.answers[at + 1] then return end
  poll.votes[event.sender_id] = at + 1
  return { state = state, effects = { card(state, true) } }
end

local function close(event, state)
  if not state.poll then return say(event, "There is no poll.") end
  if state.poll.by ~= event.sender_id then
    return say(event, "Whoever began the poll may end it.")
  end
  local ended = card(state, false)
  state.poll = nil
  return { state = state, effects = { ended } }
end

function on_event(event, state)
  if event.kind == "press" then return vote(event, state) end
  local words = event.kind == "message" and (event.body.text or ""):match("^/poll (.*)$")
  if not words then return end
  words = words:match("^%s*(.-)%s*$")
  if words == "close" then return close(event, state) end
  return open(event, state, words)
end
