package faultmatrix_test

import (
	"strings"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest/protocol"
)

// article is something that sequences of runs buy or move, each under a key of its own.
type article struct {
	key, typeName   string
	config          protocol.Values
	operation, path string
	// mark is how it shows at the service, which knows no keys: an order by its prompt, a movement by its direction and amount. Articles of one mark
	// can't be told apart there.
	mark string
}

// articles are all that sequences are made of: orders of one agent, and movements of money of which some have the same amount.
func articles() []article {
	var out []article
	for _, key := range []string{"o1", "o2", "o3"} {
		out = append(out, article{
			key: key, typeName: "autx_order", operation: "orders.create", path: "/orders/", mark: "order Prompt of " + key,
			config: protocol.Values{"idempotency_key": key, "agent_id": summ, "prompt": "Prompt of " + key, "max_price": "0.50"},
		})
	}
	movement := func(key, direction, amount, operation, path string) article {
		return article{
			key: key, typeName: "autx_credit_" + direction, operation: operation, path: path, mark: direction + " " + amount,
			config: protocol.Values{"idempotency_key": key, "amount": amount},
		}
	}
	for _, m := range [][2]string{{"d1", "10"}, {"d2", "10"}, {"d3", "20"}} {
		out = append(out, movement(m[0], "deposit", m[1], "credits.deposit_test", "/credits/deposit-test"))
	}
	for _, m := range [][2]string{{"w1", "10"}, {"w2", "10"}, {"w3", "20"}} {
		out = append(out, movement(m[0], "withdrawal", m[1], "credits.withdraw", "/credits/withdraw"))
	}
	return out
}

// marksOf counts what the service has of mine, by mark. The first entries of the ledger are the seed's.
func marksOf(state mockserver.State, seeded int) map[string]int {
	out := map[string]int{}
	for _, order := range state.Orders {
		out["order "+order.Prompt]++
	}
	mine := 0
	for _, entry := range state.Transactions {
		if entry.User != me {
			continue
		}
		if mine++; mine > seeded && entry.Type != "consume" {
			out[entry.Type+" "+entry.Amount.String()]++
		}
	}
	return out
}

// marksOfIDs gives what each id at the service is, by mark.
func marksOfIDs(state mockserver.State) map[string]string {
	out := map[string]string{}
	for _, order := range state.Orders {
		out[order.ID] = "order " + order.Prompt
	}
	for _, entry := range state.Transactions {
		out[entry.ID] = entry.Type + " " + entry.Amount.String()
	}
	return out
}

// stands tells whether an id is the service's for an article, or only stands in for one that could not be told.
func (a article) stands(id string, marks map[string]string) bool {
	return marks[id] == a.mark || strings.HasPrefix(id, "unlisted-") && a.typeName != "autx_order"
}
