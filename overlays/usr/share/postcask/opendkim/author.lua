-- SPDX-License-Identifier: GPL-3.0-or-later
-- Where no filter looks at a message (role send-only), OpenDKIM has it all the same: its From is its
-- envelope's sender, of which Postfix has seen to it that it is the login's, or it goes back.
-- Without this a login could have its neighbour's name signed.
--
-- What is not plainly one address is refused: two From lines, a list, a group.

-- The one address of a From line in small letters, or nil.
local function author(value)
	value = value:gsub("[\r\n]", " "):gsub("\\.", ""):gsub('"[^"]*"', ""):gsub("%b()", "")
	local name, address = value:match("^([^<>]*)<([^<>]*)>%s*$")
	if address == nil then
		name, address = "", value:match("^%s*(.-)%s*$")
	end
	if name:find("[,;:@]") or not address:match("^[^%s,;:<>]+@[^%s,;:<>@]+$") then
		return nil
	end
	return address:lower()
end

local sender = odkim.get_envfrom(ctx) or ""
sender = sender:gsub("[<>]", ""):lower()
local value = odkim.get_header(ctx, "From", 0)
local found = value and odkim.get_header(ctx, "From", 1) == nil and author(value)

if sender == "" or found ~= sender then
	odkim.set_reply(ctx, "550", "5.7.1", "this message was not sent: its From is not its sender, " ..
		(sender == "" and "which it has none of" or sender))
	odkim.set_result(ctx, SMFIS_REJECT)
end
return nil
