package spend_test

import data.spend

change(type, actions, before, after) := {
	"address": sprintf("module.team[\"research\"].%s.this", [type]), "mode": "managed", "type": type,
	"change": {"actions": actions, "before": before, "after": after},
}

order(amount) := change("autx_order", ["create"], null, {"spend": {"authorized_usd": amount}})

plan(changes) := {"format_version": "1.2", "resource_changes": changes}

denied(changes) := messages if {
	messages := spend.deny with input as plan(changes) with data.limits as {"max_usd": "3.30"}
}

warned(changes) := messages if {
	messages := spend.warn with input as plan(changes) with data.limits as {"max_usd": "3.30"}
}

allowed(changes, labels) if {
	spend.deny == set() with input as plan(changes) with data.limits as {"max_usd": "3.30"} with data.labels as labels
}

test_sum_equal_to_the_limit if allowed([order("1.10"), order("2.20")], [])

test_a_millionth_over_the_limit if {
	denied([order("1.10"), order("2.200001")]) == {"the plan authorises $3.300001 in 2 purchases, and the limit is $3.30"}
}

test_large_amounts_are_exact if {
	spend.deny == {"the plan authorises $999999999.999999 in 1 purchases, and the limit is $999999999.999998"} with input as plan([order("999999999.999999")])
		with data.limits as {"max_usd": "999999999.999998"}
}

test_every_spelling_counts if {
	every text, micro in {"0": 0, "0.000000": 0, "007": 7000000, "0.5": 500000, "0.000001": 1, "20": 20000000, "1.10": 1100000} {
		spend.micro(text) == micro
	}
}

test_what_is_no_amount_is_denied if {
	every amount in ["", "-1", "1e3", "1,5", "NaN", "0.0000001", "1.", ".5", "9999999999", 0.5, null, true] {
		denied([order(amount)]) == {"module.team[\"research\"].autx_order.this: what it authorises is not known in the plan"}
	}
}

test_every_kind_that_charges_needs_a_known_amount if {
	every type in ["autx_agent", "autx_order", "autx_proxy_request", "autx_session"] {
		unknown := {sprintf("module.team[\"research\"].%s.this: what it authorises is not known in the plan", [type])}
		denied([change(type, ["create"], null, {})]) == unknown
		denied([change(type, ["delete", "create"], {}, {})]) == unknown
		denied([change(type, ["create", "delete"], {}, {})]) == unknown
		over := {"the plan authorises $4.000000 in 1 purchases, and the limit is $3.30"}
		denied([change(type, ["create"], null, {"spend": {"authorized_usd": "4"}})]) == over
	}
}

test_what_is_not_created_does_not_count if {
	every actions in [["no-op"], ["update"], ["delete"], ["read"], ["forget"]] {
		allowed([change("autx_order", actions, {"spend": {"authorized_usd": "100"}}, {"spend": {"authorized_usd": "100"}})], [])
	}
}

test_money_movements_need_their_label if {
	deposit := change("autx_credit_deposit", ["create"], null, {"amount": "5"})
	withdrawal := change("autx_credit_withdrawal", ["create"], null, {"amount": "5"})
	denied([deposit]) == {"module.team[\"research\"].autx_credit_deposit.this: moves $5; the label allow-deposits has to allow it"}
	denied([withdrawal]) == {"module.team[\"research\"].autx_credit_withdrawal.this: moves $5; the label allow-withdrawals has to allow it"}
	allowed([deposit], ["allow-deposits"])
	allowed([withdrawal], ["allow-withdrawals"])
	not allowed([deposit], ["allow-withdrawals"])
	not allowed([withdrawal], ["allow-deposits"])
}

test_floors_that_deposit_need_a_label if {
	every action in ["create", "update"] {
		floor := change("autx_credit_floor", [action], null, {"on_shortfall": "deposit"})
		not allowed([floor], [])
		allowed([floor], ["allow-deposits"])
		allowed([change("autx_credit_floor", [action], null, {"on_shortfall": "warn"})], [])
		not allowed([change("autx_credit_floor", [action], null, {})], [])
	}
	allowed([change("autx_credit_floor", ["no-op"], {}, {"on_shortfall": "deposit"})], [])
}

test_unheard_of_kinds_are_denied if {
	denied([change("autx_lottery", ["create"], null, {})]) == {"module.team[\"research\"].autx_lottery.this: this policy does not know whether autx_lottery charges"}
	allowed([change("autx_checkout", ["create"], null, {}), change("terraform_data", ["create"], null, {})], [])
}

action(type, config) := {"address": sprintf("action.%s.this", [type]), "type": type, "config_values": config}

invoking(actions) := object.union(plan([order("1.10")]), {"action_invocations": actions})

denied_of(input_plan, labels) := messages if {
	messages := spend.deny with input as input_plan with data.limits as {"max_usd": "3.30"} with data.labels as labels
}

test_actions_that_charge_count if {
	denied_of(invoking([action("autx_chat", {"max_cost": "1.20"}), action("autx_proxy", {"max_price": "1.00"})]), []) == set()
	over := {"the plan authorises $3.300001 in 3 purchases, and the limit is $3.30"}
	denied_of(invoking([action("autx_chat", {"max_cost": "1.200001"}), action("autx_proxy", {"max_price": "1.00"})]), []) == over
	deferred := object.union(plan([order("1.10")]), {"deferred_action_invocations": [
		{"reason": "absent_prereq", "action_invocation": action("autx_chat", {"max_cost": "1.200001"})},
		{"reason": "absent_prereq", "action_invocation": action("autx_proxy", {"max_price": "1.00"})},
	]})
	denied_of(deferred, []) == over
}

test_an_action_that_several_resources_trigger_counts_once if {
	triggered := [object.union(action("autx_chat", {"max_cost": "2.20"}), {"lifecycle_action_trigger": {"triggering_resource_address": address}}) |
		some address in ["a.one", "a.two"]
	]
	denied_of(invoking(triggered), []) == set()
}

test_actions_need_a_known_amount if {
	denied_of(invoking([action("autx_chat", {})]), []) == {"action.autx_chat.this: what it authorises is not known in the plan"}
	denied_of(invoking([{"address": "action.autx_proxy.this", "type": "autx_proxy"}]), []) == {"action.autx_proxy.this: what it authorises is not known in the plan"}
}

test_actions_that_move_money_need_their_label if {
	withdraw := action("autx_credit_withdraw", {"amount": "5"})
	message := "action.autx_credit_withdraw.this: moves $5; the label allow-withdrawals has to allow it"
	denied_of(invoking([withdraw]), ["allow-deposits"]) == {message}
	denied_of(invoking([withdraw]), ["allow-withdrawals"]) == set()
}

test_actions_that_cost_nothing if {
	every type in ["autx_agent_pause", "autx_agent_resume", "autx_provider_key_rotate", "autx_session_close", "other_thing"] {
		denied_of(invoking([action(type, {})]), []) == set()
	}
	denied_of(invoking([action("autx_lottery", {})]), []) == {"action.autx_lottery.this: this policy does not know whether autx_lottery charges"}
}

test_plans_that_are_cut_short if {
	every more in [{"errored": true}, {"complete": false}] {
		spend.deny == {"the plan is not complete: plan again"} with input as object.union(plan([]), more) with data.limits as {"max_usd": "3.30"}
	}
}

test_without_a_limit_nothing_passes if {
	spend.deny["the limit max_usd in limits.json is missing or no amount"] with input as plan([]) with data.limits as {}
	spend.deny["this is not the JSON of a plan"] with input as {} with data.limits as {"max_usd": "3.30"}
}

test_losses_are_warned_of if {
	before := {"spend": {"charged_usd": "0.5"}}
	warned([change("autx_order", ["delete"], before, null)]) == {"module.team[\"research\"].autx_order.this: what cost $0.5 is forgotten, and nothing is refunded"}
	warned([change("autx_order", ["delete"], {"spend": {}}, null)]) == {"module.team[\"research\"].autx_order.this: something paid is forgotten, and nothing is refunded"}
	every actions in [["delete", "create"], ["create", "delete"]] {
		warned([change("autx_order", actions, before, {"spend": {"authorized_usd": "1"}})]) == {"module.team[\"research\"].autx_order.this: what cost $0.5 is given up and bought anew"}
	}
	warned([order("1"), change("autx_credit_floor", ["delete"], {}, null)]) == set()
}

test_the_summary_names_everything if {
	text := spend.summary with input as plan([order("1.10"), order("9")]) with data.limits as {"max_usd": "3.30"}
	startswith(text, "This plan authorises $10.100000 in 2 purchases; the limit is $3.30.")
	contains(text, "autx_order.this: up to $1.10")
	contains(text, "DENIED the plan authorises")
}
