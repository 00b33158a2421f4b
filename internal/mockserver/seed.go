package mockserver

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
)

// Seed is what a world starts with. Amounts are in USD.
type Seed struct {
	// Users are the account holders; at least one has a key.
	Users []SeedUser `json:"users"`
	// Agents are listings, in the order of their creation.
	Agents []SeedAgent `json:"agents,omitempty"`
	// Orders are purchases of the past. One without transactions of its own is charged, and refunded if it failed.
	Orders []SeedOrder `json:"orders,omitempty"`
	// Transactions are the history of credits, before which comes a deposit that makes up the difference to the users' balances.
	Transactions []SeedTransaction `json:"transactions,omitempty"`
	// Sessions are chat sessions; nobody is attached to an active one.
	Sessions []SeedSession `json:"sessions,omitempty"`
}

// SeedUser is an account holder.
type SeedUser struct {
	// ID is what agents, orders and the rest refer to.
	ID string `json:"id"`
	// BalanceUSD is the available amount that the user starts with. It is a deposit.
	BalanceUSD money.Amount `json:"balance_usd"`
	// EmailVerified is true when nil; without it no agent can be launched.
	EmailVerified *bool `json:"email_verified,omitempty"`
	// LaunchesLeftFree is 1 when nil.
	LaunchesLeftFree *int `json:"launches_left_free,omitempty"`
	// Keys are the user's API keys.
	Keys []SeedKey `json:"keys,omitempty"`
}

// SeedKey is an API key.
type SeedKey struct {
	// Key starts with autx_live_.
	Key string `json:"key"`
	// Scopes are of proxy, orders, agents and *; nil is *.
	Scopes []string `json:"scopes,omitzero"`
}

// SeedAgent is a listing.
type SeedAgent struct {
	// Owner is the id of a user.
	Owner string `json:"owner"`
	// ID is derived from the ticker when it is empty, so that it is always the same.
	ID string `json:"id,omitempty"`
	// Ticker is two to ten of A-Z and 0-9, unique.
	Ticker string `json:"ticker"`
	// Name is unique.
	Name string `json:"name"`
	// EndpointURL is never called; the responder answers.
	EndpointURL string `json:"endpoint_url"`
	// Description is free text.
	Description *string `json:"description,omitempty"`
	// Category is free text.
	Category *string `json:"category,omitempty"`
	// ServicePrice is $5 when nil.
	ServicePrice *money.Amount `json:"service_price,omitempty"`
	// AuthTier is jwt_default when empty.
	AuthTier string `json:"auth_tier,omitempty"`
	// Provider is whose key the agent uses, like openai.
	Provider *string `json:"provider,omitempty"`
	// ProviderAPIKey configures a provider key; only its digest is kept.
	ProviderAPIKey string `json:"provider_api_key,omitempty"`
	// ProviderKeyConfigured says so without a key.
	ProviderKeyConfigured bool `json:"provider_key_configured,omitempty"`
	// Status is active when empty; paused and pending are possible.
	Status string `json:"status,omitempty"`
	// UptimePct is 100 when empty.
	UptimePct json.Number `json:"uptime_pct,omitempty"`
	// SuccessRate is 100 when empty; from the first call on this server it is computed.
	SuccessRate json.Number `json:"success_rate,omitempty"`
	// TotalRevenue is in USD.
	TotalRevenue money.Amount `json:"total_revenue,omitzero"`
	// TotalRequests is what the agent has answered so far.
	TotalRequests int64 `json:"total_requests,omitempty"`
	// CreatedAt is the start of the world when zero.
	CreatedAt SeedTime `json:"created_at,omitzero"`
	// ContractAddress is kept as it is.
	ContractAddress *string `json:"contract_address,omitempty"`
	// DividendSplitterAddress is kept as it is.
	DividendSplitterAddress *string `json:"dividend_splitter_address,omitempty"`
	// AgentTokenAddress is kept as it is.
	AgentTokenAddress *string `json:"agent_token_address,omitempty"`
	// Manifest takes the documented defaults where it is silent; nil is null.
	Manifest *Manifest `json:"manifest,omitempty"`
	// Profile is the text of the listing; nil is null.
	Profile *Profile `json:"profile,omitempty"`
	// ImageURL is where an image lies already.
	ImageURL string `json:"image_url,omitempty"`
	// Responder stands in for the agent's endpoint; it echoes unless it says otherwise.
	Responder Responder `json:"responder,omitzero"`
}

// SeedOrder is a purchase of the past.
type SeedOrder struct {
	// ID is derived from the position when empty.
	ID string `json:"id,omitempty"`
	// User is the id of the buyer.
	User string `json:"user"`
	// AgentID is that of the agent, which may be gone.
	AgentID string `json:"agent_id"`
	// AgentName and AgentTicker are those of the agent when empty; an agent that is gone needs them.
	AgentName   string `json:"agent_name,omitempty"`
	AgentTicker string `json:"agent_ticker,omitempty"`
	// Status is completed when empty. A pending order finishes when the switch orders.delay says so, counted from its creation.
	Status string `json:"status,omitempty"`
	// AmountPaid is the agent's price when nil.
	AmountPaid *money.Amount `json:"amount_paid,omitempty"`
	// PlatformFee is 10% of it when nil.
	PlatformFee *money.Amount `json:"platform_fee,omitempty"`
	// PaymentMethod is credits when empty.
	PaymentMethod string `json:"payment_method,omitempty"`
	// Prompt is what was asked.
	Prompt string `json:"prompt,omitempty"`
	// OutputText is what the agent answers to the prompt when nil.
	OutputText *string `json:"output_text,omitempty"`
	// CreatedAt is the start of the world when zero.
	CreatedAt SeedTime `json:"created_at,omitzero"`
	// CompletedAt is CreatedAt when zero.
	CompletedAt SeedTime `json:"completed_at,omitzero"`
	// SessionID makes the order a turn of a session.
	SessionID string `json:"session_id,omitempty"`
}

// SeedTransaction is a credit transaction of the past.
type SeedTransaction struct {
	// ID is derived from the position when empty.
	ID string `json:"id,omitempty"`
	// User is the id of whose credits were moved.
	User string `json:"user"`
	// Type is deposit, withdrawal, consume, refund or expiry.
	Type string `json:"type"`
	// Amount is in USD and positive.
	Amount money.Amount `json:"amount"`
	// SessionID is the session that it belongs to.
	SessionID *string `json:"session_id,omitempty"`
	// OrderID is the order that it belongs to.
	OrderID *string `json:"order_id,omitempty"`
	// TxHash is kept as it is.
	TxHash *string `json:"tx_hash,omitempty"`
	// CreatedAt is the start of the world when zero.
	CreatedAt SeedTime `json:"created_at,omitzero"`
}

// SeedSession is a chat session.
type SeedSession struct {
	// ID is derived from the position when empty.
	ID string `json:"id,omitempty"`
	// User is the id of who opened it.
	User string `json:"user"`
	// AgentID is that of an agent.
	AgentID string `json:"agent_id"`
	// Status is active when empty; closed and expired are possible.
	Status string `json:"status,omitempty"`
	// CreditsReserved is what an active session still holds, in USD, beside the user's balance.
	CreditsReserved money.Amount `json:"credits_reserved,omitzero"`
	// CreditsConsumed is what its turns cost so far, in USD.
	CreditsConsumed money.Amount `json:"credits_consumed,omitzero"`
	// MessageCount is the number of its messages so far.
	MessageCount int64 `json:"message_count,omitempty"`
	// CreatedAt is the start of the world when zero.
	CreatedAt SeedTime `json:"created_at,omitzero"`
	// ClosedAt is the start of the world when zero, unless the session is active.
	ClosedAt SeedTime `json:"closed_at,omitzero"`
	// ExpiresAt is as the agent's manifest has it when zero.
	ExpiresAt SeedTime `json:"expires_at,omitzero"`
}

// SeedTime is a time in RFC 3339; its zero value means that the seed leaves the time to the server.
type SeedTime struct{ time.Time }

func (t SeedTime) or(otherwise time.Time) time.Time {
	if t.IsZero() {
		return otherwise
	}
	return t.UTC().Truncate(time.Microsecond)
}

// ParseSeed reads a seed in JSON. Unknown fields are an error, and so is a seed that makes no world.
func ParseSeed(data []byte) (Seed, error) {
	var seed Seed
	if err := strictly(data, &seed); err != nil {
		return Seed{}, fmt.Errorf("read the seed: %w", err)
	}
	if _, err := seed.world(assumptions{}, time.Now()); err != nil {
		return Seed{}, err
	}
	return seed, nil
}

// seededID gives a thing in a seed the same id each time.
func seededID(name string) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte("https://autx.ai/mock/"+name)).String()
}

// world makes a seed's world, as of now.
func (seed Seed) world(assume assumptions, now time.Time) (*world, error) {
	w := newWorld(assume)
	w.now = now.UTC().Truncate(time.Microsecond)
	steps := []func(*world) error{seed.addUsers, seed.addAgents, seed.addSessions, seed.addOrders, seed.addMoney, (*world).fullCheck}
	for _, step := range steps {
		if err := step(w); err != nil {
			return nil, fmt.Errorf("seed: %w", err)
		}
	}
	return w, nil
}

func (seed Seed) addUsers(w *world) error {
	for i, s := range seed.Users {
		u := &user{ID: s.ID, EmailVerified: s.EmailVerified == nil || *s.EmailVerified, LaunchesLeftFree: 1}
		if s.LaunchesLeftFree != nil {
			u.LaunchesLeftFree = *s.LaunchesLeftFree
		}
		switch {
		case s.ID == "":
			return fmt.Errorf("user %d has no id", i+1)
		case w.user(s.ID) != nil:
			return fmt.Errorf("two users have the id %q", s.ID)
		case s.BalanceUSD.Sign() < 0:
			return fmt.Errorf("user %s: negative balance_usd", s.ID)
		case u.LaunchesLeftFree < 0:
			return fmt.Errorf("user %s: negative launches_left_free", s.ID)
		}
		for _, k := range s.Keys {
			if err := w.addKey(u, k); err != nil {
				return fmt.Errorf("user %s: %w", s.ID, err)
			}
		}
		w.users = append(w.users, u)
	}
	if len(w.keys) == 0 {
		return errors.New("no user has a key")
	}
	return nil
}

func (w *world) addKey(u *user, s SeedKey) error {
	scopes := s.Scopes
	if scopes == nil {
		scopes = []string{scopeAll}
	}
	switch {
	case !strings.HasPrefix(s.Key, keyPrefix) || strings.ContainsAny(s.Key, " \t\r\n"):
		return fmt.Errorf("a key must start with %s and hold no blanks", keyPrefix)
	case w.keys[s.Key] != nil:
		return errors.New("two keys are the same")
	}
	for _, scope := range scopes {
		if !slices.Contains([]string{scopeProxy, scopeOrders, scopeAgents, scopeAll}, scope) {
			return fmt.Errorf("scope %q is not proxy, orders, agents or *", scope)
		}
	}
	k := &key{Key: s.Key, Scopes: slices.Clone(scopes), owner: u}
	u.Keys = append(u.Keys, k)
	w.keys[k.Key] = k
	return nil
}

func (seed Seed) addAgents(w *world) error {
	for i, s := range seed.Agents {
		if err := s.check(w); err != nil {
			return fmt.Errorf("agent %d (%s): %w", i+1, s.Ticker, err)
		}
		w.addSeeded(s)
	}
	return nil
}

func (s SeedAgent) check(w *world) error {
	text := func(field, value string, check textCheck) error {
		if _, msg := check(value); msg != "" {
			return fmt.Errorf("%s: %s", field, msg)
		}
		return nil
	}
	errs := []error{
		text("ticker", s.Ticker, matches(tickerPattern)), text("name", s.Name, isName), text("endpoint_url", s.EndpointURL, isHTTPURL),
		text("auth_tier", firstOf(s.AuthTier, tierJWT), isOneOf(tierJWT, tierBuyerKey)),
		text("status", firstOf(s.Status, statusActive), isOneOf(statusActive, statusPaused, statusPending)), s.Responder.check(),
	}
	prices := []*money.Amount{s.ServicePrice, &s.TotalRevenue}
	if m := s.Manifest; m != nil {
		prices = append(prices, m.SessionPricePerMessage)
		if m.Input.MaxSizeBytes < 0 || m.Output.MaxSizeBytes < 0 || m.SessionMinimumMessages < 0 || m.SessionMaxDurationMinutes < 0 {
			errs = append(errs, errors.New("manifest: negative number"))
		}
	}
	for _, price := range prices {
		if price != nil {
			if _, msg := isPrice(*price); msg != "" {
				errs = append(errs, fmt.Errorf("price %s: %s", price, msg))
			}
		}
	}
	switch {
	case w.user(s.Owner) == nil:
		errs = append(errs, fmt.Errorf("no user has the id %q of its owner", s.Owner))
	case w.tickerTaken(s.Ticker):
		errs = append(errs, errors.New("another agent has its ticker"))
	case w.nameTaken(s.Name, nil):
		errs = append(errs, fmt.Errorf("another agent has its name %q", s.Name))
	case s.ID != "" && w.agentByID(s.ID) != nil:
		errs = append(errs, fmt.Errorf("another agent has its id %q", s.ID))
	case strings.Contains(s.ID, "/"):
		errs = append(errs, fmt.Errorf("the id %q holds a slash", s.ID))
	case s.TotalRequests < 0:
		errs = append(errs, errors.New("negative total_requests"))
	}
	return errors.Join(errs...)
}

func (seed Seed) addSessions(w *world) error {
	for i, s := range seed.Sessions {
		a := w.agentByID(s.AgentID)
		v := &session{
			Seq: w.seq(), ID: firstOf(s.ID, "ses_"+strings.ReplaceAll(seededID(fmt.Sprintf("session/%d", i)), "-", "")[:16]), User: s.User,
			AgentID: s.AgentID, Status: firstOf(s.Status, statusActive), Hold: s.CreditsReserved, Consumed: s.CreditsConsumed, Messages: s.MessageCount,
			CreatedAt: s.CreatedAt.or(w.now), ClosedAt: s.ClosedAt.or(time.Time{}), ended: make(chan struct{}),
		}
		switch {
		case w.user(s.User) == nil:
			return fmt.Errorf("session %d: no user has the id %q", i+1, s.User)
		case a == nil:
			return fmt.Errorf("session %d: no agent has the id %q", i+1, s.AgentID)
		case w.sessionByID(v.ID) != nil:
			return fmt.Errorf("two sessions have the id %q", v.ID)
		case !slices.Contains([]string{statusActive, statusClosed, statusExpired}, v.Status):
			return fmt.Errorf("session %s: status %q is not active, closed or expired", v.ID, v.Status)
		case v.Hold.Sign() < 0 || v.Consumed.Sign() < 0 || v.Messages < 0:
			return fmt.Errorf("session %s: negative number", v.ID)
		case v.Status != statusActive && !v.Hold.IsZero():
			return fmt.Errorf("session %s is %s, so that it can reserve nothing", v.ID, v.Status)
		}
		v.AgentName, v.AgentTicker, v.Price = a.Name, a.Ticker, a.Price
		lifetime := Manifest{}.withDefaults().SessionMaxDurationMinutes
		if a.Manifest != nil {
			lifetime = a.Manifest.SessionMaxDurationMinutes
			if a.Manifest.SessionPricePerMessage != nil {
				v.Price = *a.Manifest.SessionPricePerMessage
			}
		}
		v.ExpiresAt = s.ExpiresAt.or(v.CreatedAt.Add(time.Duration(min(lifetime, maxSessionMinutes)) * time.Minute))
		if v.Status != statusActive {
			close(v.ended)
			if v.ClosedAt.IsZero() {
				v.ClosedAt = w.now
			}
		}
		w.sessions = append(w.sessions, v)
	}
	return nil
}

func (seed Seed) addOrders(w *world) error {
	for i, s := range seed.Orders {
		o := &order{
			Seq: w.seq(), ID: firstOf(s.ID, seededID(fmt.Sprintf("order/%d", i))), User: s.User, AgentID: s.AgentID, AgentName: s.AgentName,
			AgentTicker: s.AgentTicker, SessionID: s.SessionID, Status: firstOf(s.Status, statusCompleted),
			PaymentMethod: firstOf(s.PaymentMethod, "credits"), Prompt: s.Prompt, CreatedAt: s.CreatedAt.or(w.now),
		}
		if a := w.agentByID(s.AgentID); a != nil {
			o.AgentName, o.AgentTicker, o.Paid = firstOf(o.AgentName, a.Name), firstOf(o.AgentTicker, a.Ticker), a.Price
			reply := a.Responder.answerPrompt(s.Prompt)
			o.Text, o.Fails = reply.text, reply.failed
			o.DueAt = o.CreatedAt.Add(w.assume.ordersDelay + time.Duration(a.Responder.Delay))
		} else if s.AgentName == "" || s.AgentTicker == "" || s.AmountPaid == nil || o.Status == statusPending {
			return fmt.Errorf("order %d: no agent has the id %q; one that is gone needs agent_name, agent_ticker and amount_paid", i+1, s.AgentID)
		}
		if s.AmountPaid != nil {
			o.Paid = *s.AmountPaid
		}
		o.Fee = money.Split(o.Paid).Platform
		if s.PlatformFee != nil {
			o.Fee = *s.PlatformFee
		}
		if s.OutputText != nil {
			o.Text = *s.OutputText
		}
		switch {
		case w.user(s.User) == nil:
			return fmt.Errorf("order %d: no user has the id %q", i+1, s.User)
		case w.orderByID(o.ID) != nil:
			return fmt.Errorf("two orders have the id %q", o.ID)
		case !slices.Contains([]string{statusPending, statusCompleted, statusFailed}, o.Status):
			return fmt.Errorf("order %s: status %q is not pending, completed or failed", o.ID, o.Status)
		case o.Paid.Sign() < 0 || o.Fee.Sign() < 0:
			return fmt.Errorf("order %s: negative amount", o.ID)
		}
		if o.Status != statusPending {
			o.CompletedAt = s.CompletedAt.or(o.CreatedAt)
		}
		w.orders = append(w.orders, o)
	}
	return nil
}
