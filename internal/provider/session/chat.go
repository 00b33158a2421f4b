package session

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
)

// chat is what a resource or an action wants: a conversation with an agent, held at most once for its key.
type chat struct {
	key string
	// agent is the agent's ticker or id, as the configuration has it.
	agent    string
	messages []string
	// most is what it may cost, in US dollars.
	most money.Amount
	// closes says that the session ends with its messages. Without messages it stays open in any case.
	closes bool
	// timeout is how long turns are begun; one that is under way is not cut short.
	timeout time.Duration
	// repeats says that one run may ask for it several times.
	repeats bool
	// tell gets the answers as they come, and what goes before and after each. It may be nil.
	tell func(text string)
}

// title names the purchase of a session for a reader.
func (c *chat) title() string { return fmt.Sprintf("session %q with agent %s", c.key, c.agent) }

// closesAfterwards tells whether the session is to be closed once its messages are answered.
func (c *chat) closesAfterwards() bool { return c.closes && len(c.messages) > 0 }

// inputsDigest is the digest of what an idempotency key is bound to, for the purchase journal. An agent is told by its id: a ticker is only another
// name of it.
func inputsDigest(agentID string, messages []string) string {
	if messages == nil {
		messages = []string{}
	}
	encoded, err := json.Marshal(struct {
		AgentID  string   `json:"agent_id"`
		Messages []string `json:"messages"`
	}{strings.ToLower(agentID), messages})
	if err != nil {
		return "" // texts can always be written; "" is not compared
	}
	digest := sha256.Sum256(encoded)
	return hex.EncodeToString(digest[:])
}

// pricePerMessage is what an agent takes for a message: the price of its sessions, or of its orders where it has none of its own (assumed).
func pricePerMessage(agent *client.Agent) (money.Amount, bool) {
	if price, ok := agent.Manifest.Or(client.Manifest{}).SessionPricePerMessage.Value(); ok {
		return price, true
	}
	return agent.ServicePrice.Value()
}

// defaultMinimumMessages is for how many messages a session holds credits where a manifest does not say (client 0.4.1).
const defaultMinimumMessages = 5

// holdOf is what opening a session takes out of the available balance until it ends (assumed). A hold is no charge.
func holdOf(agent *client.Agent) (money.Amount, bool) {
	price, ok := pricePerMessage(agent)
	return price.Times(agent.Manifest.Or(client.Manifest{}).SessionMinimumMessages.Or(defaultMinimumMessages)), ok
}
