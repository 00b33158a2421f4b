package client

import (
	"encoding/json"
	"fmt"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
)

// Agent is an agent as AUTX shows it. Only the id is certain to be there: what a call did not report is absent, and Name and Ticker are empty.
type Agent struct {
	// ID is a UUID.
	ID string `json:"id"`
	// OwnerID is the user the agent belongs to.
	OwnerID Field[string] `json:"owner_id"`
	// Name is unique among all agents (assumed, from the availability check of client 0.4.1).
	Name string `json:"name"`
	// Ticker is unique among all agents and never changes (client 0.4.1: an update has none).
	Ticker string `json:"ticker"`
	// EndpointURL is where AUTX calls the agent. Answers to create, reserve and activate have it; whether listings have it differs between sources.
	EndpointURL Field[string] `json:"endpoint_url"`
	Description Field[string] `json:"description"`
	Category    Field[string] `json:"category"`
	// ServicePrice is what one order costs, in USD.
	ServicePrice Field[money.Amount] `json:"service_price"`
	// AuthTier is jwt_default (the endpoint gets a short-lived token of AUTX) or buyer_key (it gets the stored provider key) (public API pages).
	AuthTier Field[string] `json:"auth_tier"`
	// Provider is whose API the stored provider key is for, such as "openai".
	Provider              Field[string] `json:"provider"`
	ProviderKeyConfigured Field[bool]   `json:"provider_key_configured"`
	// Status is active, paused or, for a reservation, pending (spelling assumed).
	Status      Field[string]      `json:"status"`
	UptimePct   Field[json.Number] `json:"uptime_pct"`
	SuccessRate Field[json.Number] `json:"success_rate"`
	// TotalRevenue is the full price of all orders so far, in USD.
	TotalRevenue  Field[money.Amount] `json:"total_revenue"`
	TotalRequests Field[int64]        `json:"total_requests"`
	// CreatedAt is an ISO 8601 time, as the service spells it.
	CreatedAt Field[string]   `json:"created_at"`
	Manifest  Field[Manifest] `json:"manifest"`
	Profile   Field[Profile]  `json:"profile"`
	ImageURL  Field[string]   `json:"image_url"`
	// ContractAddress, DividendSplitterAddress and AgentTokenAddress are on-chain addresses, once the agent is deployed.
	ContractAddress         Field[string] `json:"contract_address"`
	DividendSplitterAddress Field[string] `json:"dividend_splitter_address"`
	AgentTokenAddress       Field[string] `json:"agent_token_address"`

	problems []string
}

// UnmarshalJSON reads an agent. It fails only when there is no id.
func (a *Agent) UnmarshalJSON(data []byte) error {
	*a = Agent{}
	type plain Agent
	wire := struct {
		*plain
		ID     Field[string] `json:"id"`
		Name   Field[string] `json:"name"`
		Ticker Field[string] `json:"ticker"`
	}{plain: (*plain)(a)}
	if err := json.Unmarshal(data, &wire); err != nil {
		return fmt.Errorf("read an agent: %w", describeJSONError(err))
	}
	a.ID, a.Name, a.Ticker = wire.ID.Or(""), wire.Name.Or(""), wire.Ticker.Or("")
	if a.ID == "" {
		return incomplete("the agent has no id")
	}
	a.problems = problemsOf(map[string]Field[string]{"name": wire.Name, "ticker": wire.Ticker})
	return nil
}

func (a Agent) ownProblems() []string { return a.problems }

// Manifest says what an agent takes and gives (names: client 0.4.1).
type Manifest struct {
	Input            Field[ManifestInput]  `json:"input,omitzero"`
	Output           Field[ManifestOutput] `json:"output,omitzero"`
	SupportsSessions Field[bool]           `json:"supports_sessions,omitzero"`
	// SessionPricePerMessage is in USD.
	SessionPricePerMessage    Field[money.Amount] `json:"session_price_per_message,omitzero"`
	SessionMinimumMessages    Field[int64]        `json:"session_minimum_messages,omitzero"`
	SessionMaxDurationMinutes Field[int64]        `json:"session_max_duration_minutes,omitzero"`
	// ChatResponsePath is passed on as it is; no source says what it means.
	ChatResponsePath Field[string] `json:"chat_response_path,omitzero"`
}

// ManifestInput says what an agent takes.
type ManifestInput struct {
	// Type is text, multipart or json (client 0.4.1 and AUTX's example agents).
	Type         Field[string]   `json:"type,omitzero"`
	AcceptsFiles Field[bool]     `json:"accepts_files,omitzero"`
	FileTypes    Field[[]string] `json:"file_types,omitzero"`
	MaxSizeBytes Field[int64]    `json:"max_size_bytes,omitzero"`
}

// ManifestOutput says what an agent gives.
type ManifestOutput struct {
	Type          Field[string]   `json:"type,omitzero"`
	ProducesFiles Field[bool]     `json:"produces_files,omitzero"`
	ContentTypes  Field[[]string] `json:"content_types,omitzero"`
	MaxSizeBytes  Field[int64]    `json:"max_size_bytes,omitzero"`
}

// Profile is what a buyer reads about an agent (names: client 0.4.1).
type Profile struct {
	Tagline           Field[string]   `json:"tagline,omitzero"`
	Capabilities      Field[[]string] `json:"capabilities,omitzero"`
	UseCases          Field[[]string] `json:"use_cases,omitzero"`
	OutputDescription Field[string]   `json:"output_description,omitzero"`
	BestFor           Field[string]   `json:"best_for,omitzero"`
	Limitations       Field[string]   `json:"limitations,omitzero"`
}

// AgentCreate is what Create and Reserve ask for. Absent fields are not sent.
type AgentCreate struct {
	Name        string `json:"name"`
	Ticker      string `json:"ticker"`
	EndpointURL string `json:"endpoint_url"`
	// ServicePrice is in USD.
	ServicePrice money.Amount  `json:"service_price"`
	AuthTier     string        `json:"auth_tier,omitempty"`
	Description  Field[string] `json:"description,omitzero"`
	Category     Field[string] `json:"category,omitzero"`
	Provider     Field[string] `json:"provider,omitzero"`
	// ProviderAPIKey is a secret: it appears in no log line and no error.
	ProviderAPIKey Field[string]   `json:"provider_api_key,omitzero"`
	Manifest       Field[Manifest] `json:"manifest,omitzero"`
	Profile        Field[Profile]  `json:"profile,omitzero"`
	// StripeSessionID names a completed checkout, which replaces the launch fee (client 0.4.1; legacy).
	StripeSessionID Field[string] `json:"stripe_session_id,omitzero"`
	// TxHash and DeployerAddress name the on-chain deployment. Reserve does not send them.
	TxHash          Field[string] `json:"tx_hash,omitzero"`
	DeployerAddress Field[string] `json:"deployer_address,omitzero"`
}

// AgentPatch is what Update changes: the fields that are not absent. Null clears a field, and manifest and profile are replaced whole (both assumed).
type AgentPatch struct {
	Name        Field[string] `json:"name,omitzero"`
	Description Field[string] `json:"description,omitzero"`
	Category    Field[string] `json:"category,omitzero"`
	// Status is active or paused.
	Status      Field[string] `json:"status,omitzero"`
	EndpointURL Field[string] `json:"endpoint_url,omitzero"`
	AuthTier    Field[string] `json:"auth_tier,omitzero"`
	Provider    Field[string] `json:"provider,omitzero"`
	// ServicePrice is in USD.
	ServicePrice Field[money.Amount] `json:"service_price,omitzero"`
	Manifest     Field[Manifest]     `json:"manifest,omitzero"`
	Profile      Field[Profile]      `json:"profile,omitzero"`
}

// ProviderKey is the key that AUTX hands to an agent's endpoint under the tier buyer_key.
type ProviderKey struct {
	// APIKey is a secret: it appears in no log line and no error.
	APIKey string `json:"api_key"`
	// Provider is whose key it is, such as "openai"; not sent when empty.
	Provider string `json:"provider,omitempty"`
}

// String names the provider and not the key, so that printing it by accident gives nothing away.
func (k ProviderKey) String() string {
	return fmt.Sprintf("{provider %q, key %s}", k.Provider, redacted)
}

// GoString is String, for the %#v verb.
func (k ProviderKey) GoString() string { return k.String() }

// Image is an agent's picture.
type Image struct {
	// FileName is told to the service; it names no file here.
	FileName string
	// ContentType is image/jpeg, image/png or image/webp (client 0.4.1).
	ContentType string
	Content     []byte
}

// AgentFilter narrows a listing. Zero values are not sent.
type AgentFilter struct {
	// Sort is trending, mcap, apy, new or revenue (public API pages).
	Sort string
	// Category and Status select agents that have exactly these; without a status only active agents are listed (assumed).
	Category, Status string
	// Search is a piece of the name, ticker or description (assumed).
	Search string
	// Limit and Offset select a page.
	Limit, Offset int
}
