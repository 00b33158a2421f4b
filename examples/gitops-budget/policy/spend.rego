# What a plan may spend. The input is the JSON of `terraform show -json plan`.
#
#   opa eval  --fail-defined --data policy --input plan.json 'data.spend.deny[message]'
#   conftest test plan.json --policy policy --data policy --namespace spend
#
# The limits are in limits.json. Labels of the pull request come as data, {"labels": ["allow-deposits"]}, in a file that the pipeline writes.
#
# Amounts are added in millionths of a dollar, which are whole numbers, made from the digits of the text. Fractions would not do: 1.10 + 2.20 == 3.30
# is false in OPA.
package spend

# Creating one of these charges.
charging := {"autx_agent", "autx_order", "autx_proxy_request", "autx_session"}

# Creating or changing one of these moves money in or out of the account. A label has to allow it.
label_for := {"autx_credit_deposit": "allow-deposits", "autx_credit_withdrawal": "allow-withdrawals"}

# These move no money. A floor may, see below.
free := {"autx_checkout", "autx_credit_floor"}

# The same of actions, which are no changes of resources: a plan lists them apart. What one that charges may cost is in the argument that is named here.
charging_actions := {"autx_chat": "max_cost", "autx_proxy": "max_price"}

label_for_action := {"autx_credit_withdraw": "allow-withdrawals"}

free_actions := {"autx_agent_pause", "autx_agent_resume", "autx_provider_key_rotate", "autx_session_close"}

limit_micro := micro(data.limits.max_usd)

labels := {label | some label in data.labels}

changes := [change | some change in object.get(input, "resource_changes", []); change.mode == "managed"]

creates := [change | some change in changes; "create" in change.change.actions]

# An action that several resources trigger is one of each of them, and pays once for its key.
actions := {action |
	some action in array.concat(
		object.get(input, "action_invocations", []),
		[deferred.action_invocation | some deferred in object.get(input, "deferred_action_invocations", [])],
	)
}

# What is paid for: its address, and what it authorises as text, or null.
charges := array.concat(
	[{"address": change.address, "authorizes": object.get(change, ["change", "after", "spend", "authorized_usd"], null)} |
		some change in creates
		change.type in charging
	],
	[charge |
		some charge in {{"address": action.address, "authorizes": object.get(action, ["config_values", argument], null)} |
			some action in actions
			argument := charging_actions[action.type]
		}
	],
)

# What the plan authorises, in millionths of a dollar, as far as it is known. What is not known is denied.
authorized_micro := sum([amount | some charge in charges; amount := micro(charge.authorizes)])

deny contains message if {
	authorized_micro > limit_micro
	message := sprintf("the plan authorises $%s in %d purchases, and the limit is $%s", [usd(authorized_micro), count(charges), data.limits.max_usd])
}

deny contains message if {
	some charge in charges
	not known(charge)
	message := sprintf("%s: what it authorises is not known in the plan", [charge.address])
}

deny contains message if {
	some change in creates
	label := label_for[change.type]
	not label in labels
	message := sprintf("%s: moves $%s; the label %s has to allow it", [change.address, object.get(change.change.after, "amount", "?"), label])
}

deny contains message if {
	some action in actions
	label := label_for_action[action.type]
	not label in labels
	message := sprintf("%s: moves $%s; the label %s has to allow it", [action.address, object.get(action, ["config_values", "amount"], "?"), label])
}

# A floor deposits while the balance is short, whether it is new or changed.
deny contains message if {
	some change in changes
	change.type == "autx_credit_floor"
	some action in change.change.actions
	action in {"create", "update"}
	object.get(change.change.after, "on_shortfall", "unknown") in {"deposit", "unknown"}
	not "allow-deposits" in labels
	message := sprintf("%s: deposits when the balance is short; the label allow-deposits has to allow it", [change.address])
}

# A kind that this policy has never heard of is not taken for free.
deny contains message if {
	some change in creates
	startswith(change.type, "autx_")
	not change.type in charging
	not change.type in free
	not label_for[change.type]
	message := sprintf("%s: this policy does not know whether %s charges", [change.address, change.type])
}

deny contains message if {
	some action in actions
	startswith(action.type, "autx_")
	not charging_actions[action.type]
	not action.type in free_actions
	not label_for_action[action.type]
	message := sprintf("%s: this policy does not know whether %s charges", [action.address, action.type])
}

# A plan that was cut short does not name all that it will buy.
deny contains "the plan is not complete: plan again" if input.errored == true

deny contains "the plan is not complete: plan again" if input.complete == false

deny contains "the limit max_usd in limits.json is missing or no amount" if not limit_micro

deny contains "this is not the JSON of a plan" if not input.format_version

warn contains message if {
	some change in changes
	change.type in charging | object.keys(label_for)
	change.change.actions == ["delete"]
	message := sprintf("%s: %s is forgotten, and nothing is refunded", [change.address, paid(change)])
}

warn contains message if {
	some change in changes
	change.type in charging | object.keys(label_for)
	"delete" in change.change.actions
	"create" in change.change.actions
	message := sprintf("%s: %s is given up and bought anew", [change.address, paid(change)])
}

paid(change) := sprintf("what cost $%s", [change.change.before.spend.charged_usd])

paid(change) := "something paid" if not change.change.before.spend.charged_usd

# Not written into the rule that denies: there, what is missing would make `not micro(…)` undefined rather than true.
known(charge) if is_number(micro(charge.authorizes))

# An amount of US dollars in millionths of a dollar. Undefined where it is no text with an amount of at most six decimals.
micro(amount) := whole(concat("", [parts[1], substring(concat("", [parts[2], "000000"]), 0, 6)])) if {
	is_string(amount)
	parts := regex.find_all_string_submatch_n(`^([0-9]{1,9})(?:\.([0-9]{1,6}))?$`, amount, 1)[0]
}

# to_number keeps zeros at the beginning, and such a number is not one that is compared well.
whole(digits) := to_number(trim_left(digits, "0")) if trim_left(digits, "0") != ""

whole(digits) := 0 if trim_left(digits, "0") == ""

usd(amount) := sprintf("%d.%06d", [floor(amount / 1000000), amount % 1000000])

# What a reviewer reads first.
summary := concat("\n", array.concat(
	[sprintf("This plan authorises $%s in %d purchases; the limit is $%s.\n", [usd(authorized_micro), count(charges), data.limits.max_usd])],
	array.concat(
		[sprintf("- %s: up to $%s", [charge.address, charge.authorizes]) | some charge in charges; known(charge)],
		array.concat([sprintf("- DENIED %s", [message]) | some message in deny], [sprintf("- WARNING %s", [message]) | some message in warn]),
	),
))
