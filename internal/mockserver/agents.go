package mockserver

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
)

const (
	tierJWT      = "jwt_default" // the endpoint gets a short-lived AUTX token (public API page)
	tierBuyerKey = "buyer_key"   // the endpoint gets the stored provider key (public API page)
)

// publicAgent is an agent as lists, reads and updates show it (client 0.4.1). Every field is there, null where it is empty.
type publicAgent struct {
	ID                      string       `json:"id"`
	OwnerID                 string       `json:"owner_id"`
	Name                    string       `json:"name"`
	Ticker                  string       `json:"ticker"`
	Description             *string      `json:"description"`
	Category                *string      `json:"category"`
	ServicePrice            money.Amount `json:"service_price"`
	AuthTier                string       `json:"auth_tier"`
	Provider                *string      `json:"provider"`
	ProviderKeyConfigured   bool         `json:"provider_key_configured"`
	Status                  string       `json:"status"`
	UptimePct               json.Number  `json:"uptime_pct"`
	SuccessRate             json.Number  `json:"success_rate"`
	TotalRevenue            money.Amount `json:"total_revenue"`
	TotalRequests           int64        `json:"total_requests"`
	CreatedAt               *string      `json:"created_at"`
	ContractAddress         *string      `json:"contract_address"`
	DividendSplitterAddress *string      `json:"dividend_splitter_address"`
	AgentTokenAddress       *string      `json:"agent_token_address"`
	Manifest                *Manifest    `json:"manifest"`
	Profile                 *Profile     `json:"profile"`
	ImageURL                *string      `json:"image_url"`
}

// fullAgent is an agent as create, reserve and activate show it (client 0.4.1).
type fullAgent struct {
	publicAgent
	EndpointURL string `json:"endpoint_url"`
}

func (a *agent) public(base string) publicAgent {
	return publicAgent{
		ID: a.ID, OwnerID: a.Owner, Name: a.Name, Ticker: a.Ticker, Description: a.Description, Category: a.Category, ServicePrice: a.Price,
		AuthTier: a.AuthTier, Provider: a.Provider, ProviderKeyConfigured: a.ProviderKeyConfigured, Status: a.Status, UptimePct: a.UptimePct,
		SuccessRate: a.successRate(), TotalRevenue: a.Revenue, TotalRequests: a.Requests, CreatedAt: formatTime(a.CreatedAt),
		ContractAddress: a.ContractAddress, DividendSplitterAddress: a.DividendSplitterAddress, AgentTokenAddress: a.TokenAddress,
		Manifest: a.Manifest, Profile: a.Profile, ImageURL: a.imageURL(base),
	}
}

func (a *agent) full(base string) fullAgent { return fullAgent{a.public(base), a.EndpointURL} }

// successRate is the percentage of the calls on this server that did not fail; before the first it is the seed's.
func (a *agent) successRate() json.Number {
	if a.Calls == 0 {
		return a.SuccessRate
	}
	percent := 100 * float64(a.Calls-a.Failures) / float64(a.Calls)
	return json.Number(strconv.FormatFloat(math.Round(percent*100)/100, 'f', -1, 64))
}

// called counts a call of the agent, and what it earned if it did not fail.
func (a *agent) called(failed bool, earned money.Amount) {
	a.Calls++
	a.Requests++
	if failed {
		a.Failures++
		return
	}
	a.Revenue = a.Revenue.Add(earned)
}

// shown is the agent as public answers show it, with endpoint_url if the switch says so.
func (w *world) shown(a *agent, base string) any {
	if w.assume.publicEndpointURL {
		return a.full(base)
	}
	return a.public(base)
}

func (w *world) allShown(agents []*agent, base string) *answer {
	shown := make([]any, len(agents))
	for i, a := range agents {
		shown[i] = w.shown(a, base)
	}
	return jsonAnswer(http.StatusOK, shown)
}

func listAgents(w *world, x *exchange) *answer {
	query, found := x.r.URL.Query(), &problems{}
	sort := queryChoice(query, "sort", found, "trending", "mcap", "apy", "new", "revenue")
	status := queryChoice(query, "status", found, statusActive, statusPaused, statusPending)
	limit, limited := queryInteger(query, "limit", 1, math.MaxInt32, found)
	offset, _ := queryInteger(query, "offset", 0, math.MaxInt32, found)
	if refused := found.rejection(); refused != nil {
		return refused
	}
	status = firstOf(status, statusActive)
	category, search := query.Get("category"), strings.ToLower(query.Get("search"))
	agents := keep(w.lagging(nil), func(a *agent) bool {
		return a.Status == status && (category == "" || deref(a.Category) == category) && a.found(search)
	})
	sortAgents(agents, sort)
	agents = agents[min(int(offset), len(agents)):]
	if !limited {
		limit = int64(w.assume.listsLimit)
	}
	return w.allShown(firstFew(agents, int(limit)), x.base)
}

// found tells whether a lower-case text is in the agent's name, ticker or description (assumed).
func (a *agent) found(search string) bool {
	text := a.Name + "\x00" + a.Ticker
	if a.Description != nil {
		text += "\x00" + *a.Description
	}
	return strings.Contains(strings.ToLower(text), search)
}

// sortAgents sorts as asked, by revenue otherwise (client 0.4.1). Market capitalisation and yield are not modelled and sort like revenue.
func sortAgents(agents []*agent, by string) {
	slices.SortStableFunc(agents, func(a, b *agent) int {
		switch by {
		case "new":
			return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(b.Seq, a.Seq))
		case "trending":
			return cmp.Or(cmp.Compare(b.Requests, a.Requests), cmp.Compare(a.Seq, b.Seq))
		default:
			return cmp.Or(b.Revenue.Cmp(a.Revenue), cmp.Compare(a.Seq, b.Seq))
		}
	})
}

// lagging gives the listed agents, of one owner or of all, without those that lists do not show yet.
func (w *world) lagging(owner *user) []*agent {
	listed := keep(w.agents, func(a *agent) bool { return a.Status != statusDelisted && (owner == nil || a.Owner == owner.ID) })
	return withoutNewest(listed, w.assume.listsLag, func(a *agent) string { return a.Owner })
}

// withoutNewest leaves out the newest n items of each user. Items are in the order of creation.
func withoutNewest[T any](items []T, n int, user func(T) string) []T {
	if n == 0 {
		return items
	}
	left := map[string]int{}
	for _, item := range items {
		left[user(item)]++
	}
	return keep(items, func(item T) bool {
		left[user(item)]--
		return left[user(item)] >= n
	})
}

func keep[T any](items []T, wanted func(T) bool) []T {
	kept := make([]T, 0, len(items))
	for _, item := range items {
		if wanted(item) {
			kept = append(kept, item)
		}
	}
	return kept
}

// firstFew gives the first n items, all for 0.
func firstFew[T any](items []T, n int) []T {
	if n == 0 {
		return items
	}
	return items[:min(n, len(items))]
}

func listMine(w *world, x *exchange) *answer {
	agents := w.lagging(x.user)
	sortAgents(agents, "new")
	return w.allShown(firstFew(agents, w.assume.listsLimit), x.base)
}

func getAgent(w *world, x *exchange) *answer {
	a := w.agentByID(x.values["agent_id"])
	if a == nil {
		return notFound("Agent")
	}
	return jsonAnswer(http.StatusOK, w.shown(a, x.base))
}

func getAgentByTicker(w *world, x *exchange) *answer {
	a := w.listedByTicker(x.values["ticker"])
	if a == nil {
		return notFound("Agent")
	}
	return jsonAnswer(http.StatusOK, w.shown(a, x.base))
}

func checkTicker(w *world, x *exchange) *answer {
	ticker := strings.ToUpper(x.values["check_ticker"])
	return jsonAnswer(http.StatusOK, map[string]bool{"available": tickerPattern.MatchString(ticker) && !w.tickerTaken(ticker)})
}

func checkName(w *world, x *exchange) *answer {
	name := x.values["check_name"]
	kind, _ := isName(name)
	return jsonAnswer(http.StatusOK, map[string]bool{"available": kind == "" && !w.nameTaken(name, nil)})
}

// notYours is the 403 for somebody else's agent, which comes before the request is looked at more closely (assumed).
func (w *world) notYours(x *exchange) *answer {
	if a := w.listedByID(x.values["agent_id"]); a != nil && a.Owner != x.user.ID {
		return refuse(http.StatusForbidden, "You do not own this agent")
	}
	return nil
}

func updateAgent(w *world, x *exchange) *answer {
	if refused := w.notYours(x); refused != nil {
		return refused
	}
	found := &problems{}
	body, ok := bodyObject(x.body, found)
	if !ok {
		return found.rejection()
	}
	fields := []string{
		"name", "description", "category", "service_price", "status", "endpoint_url", "auth_tier", "provider", "profile", "manifest",
	}
	if !slices.ContainsFunc(fields, body.has) {
		found.add([]any{"body"}, "value_error", "At least one field must be provided for update")
		return found.rejection()
	}
	if !w.assume.nullIgnored {
		body.notNull("name", "service_price", "status", "endpoint_url", "auth_tier")
	}
	a := w.listedByID(x.values["agent_id"])
	var next agent
	if a != nil {
		next = *a
	}
	next.patch(body, !w.assume.nullIgnored)
	switch refused := found.rejection(); {
	case refused != nil:
		return refused
	case a == nil:
		return notFound("Agent")
	case w.nameTaken(next.Name, a):
		return refuse(http.StatusConflict, "Agent name '%s' is already taken", next.Name)
	case a.Status == statusPending && next.Status != statusPending:
		return refuse(http.StatusConflict, "A pending agent must be activated before its status can change")
	}
	if !sameAgent(*a, next) {
		*a = next
		w.changed()
	}
	return jsonAnswer(http.StatusOK, w.shown(a, x.base))
}

// patch sets what the body has; null clears what may be empty, if it clears at all.
func (a *agent) patch(body object, nullClears bool) {
	optional := func(name string, field **string) {
		if text, ok := body.text(name); ok {
			*field = &text
		} else if nullClears && body.has(name) {
			*field = nil
		}
	}
	needed := func(name string, field *string, checks ...textCheck) {
		if text, ok := body.text(name, checks...); ok {
			*field = text
		}
	}
	needed("name", &a.Name, isName)
	needed("status", &a.Status, isOneOf(statusActive, statusPaused))
	needed("endpoint_url", &a.EndpointURL, isHTTPURL)
	needed("auth_tier", &a.AuthTier, isOneOf(tierJWT, tierBuyerKey))
	optional("description", &a.Description)
	optional("category", &a.Category)
	optional("provider", &a.Provider)
	if price, ok := body.amount("service_price", isPrice); ok {
		a.Price = price
	}
	if manifest, ok := body.object("manifest"); ok {
		a.Manifest = readManifest(manifest)
	} else if nullClears && body.has("manifest") {
		a.Manifest = nil
	}
	if profile, ok := body.object("profile"); ok {
		a.Profile = readProfile(profile)
	} else if nullClears && body.has("profile") {
		a.Profile = nil
	}
}

// sameAgent tells whether an update changed nothing.
func sameAgent(a, b agent) bool { return bytes.Equal(encode(a), encode(b)) }

func setProviderKey(w *world, x *exchange) *answer {
	if refused := w.notYours(x); refused != nil {
		return refused
	}
	found := &problems{}
	body, ok := bodyObject(x.body, found)
	if !ok {
		return found.rejection()
	}
	body.require("api_key")
	secret, _ := body.text("api_key", notEmpty)
	provider := body.optionalText("provider")
	if refused := found.rejection(); refused != nil {
		return refused
	}
	a := w.listedByID(x.values["agent_id"])
	if a == nil {
		return notFound("Agent")
	}
	next := *a
	next.setProviderKey(secret)
	if provider != nil {
		next.Provider = provider
	}
	if !sameAgent(*a, next) {
		*a = next
		w.changed()
	}
	return jsonAnswer(http.StatusOK, w.shown(a, x.base))
}

// setProviderKey keeps a digest only; nothing ever needs the key itself.
func (a *agent) setProviderKey(secret string) {
	a.ProviderKeyConfigured, a.ProviderKeySHA256 = true, hexSHA256([]byte(secret))
}

func hexSHA256(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func deleteAgent(w *world, x *exchange) *answer {
	if refused := w.notYours(x); refused != nil {
		return refused
	}
	a := w.listedByID(x.values["agent_id"])
	switch {
	case a == nil:
		return notFound("Agent")
	case a.Status == statusPending:
		return refuse(http.StatusConflict, "The agent is pending; cancel its reservation instead")
	case w.assume.delisted:
		a.Status = statusDelisted
	default:
		w.remove(a)
	}
	w.changed()
	return emptyAnswer(http.StatusNoContent)
}

// remove forgets an agent: its ticker and name are free again.
func (w *world) remove(a *agent) {
	w.agents = slices.DeleteFunc(w.agents, func(other *agent) bool { return other == a })
	w.dropUnusedImages()
}
