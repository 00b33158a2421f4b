package purchase

import "strings"

// Kind is a sort of purchase. Records of different kinds never meet, even under the same key.
type Kind string

// AgentLaunch is the launch of an agent, which may cost the launch fee. Its key is the agent's ticker.
const AgentLaunch Kind = "agent_launch"

// trait is what the texts and the rules need to know of a kind.
type trait struct {
	noun     string // what one is called: "agent"
	resource string // the resource type of an import block
	keyName  string // what its key is called in a configuration
	// natural says that the key names a live object of the service, not only the purchase. A destroy frees such a key, and buying again under it
	// costs again; therefore a run that both gives one up and takes it anew is stopped. Other keys are used once for ever.
	natural bool
}

var traits = map[Kind]trait{
	AgentLaunch: {noun: "agent", resource: "autx_agent", keyName: "ticker", natural: true},
}

func (k Kind) trait() trait {
	if t, ok := traits[k]; ok {
		return t
	}
	return trait{noun: strings.ReplaceAll(string(k), "_", " "), resource: "autx_" + string(k), keyName: "idempotency_key"}
}
