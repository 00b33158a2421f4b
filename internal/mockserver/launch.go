package mockserver

import (
	"net/http"
	"slices"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
)

// The three ways to bring an agent to the market: create it at once, or reserve its ticker, deploy its token on-chain and activate it, or cancel the
// reservation (client 0.4.1).

func createAgent(w *world, x *exchange) *answer { return w.launch(x, false) }

func reserveAgent(w *world, x *exchange) *answer { return w.launch(x, true) }

// launch creates or reserves an agent, and takes its fee.
func (w *world) launch(x *exchange, reserve bool) *answer {
	if !x.user.EmailVerified {
		return refuse(http.StatusForbidden, "Verify your e-mail address before you launch an agent")
	}
	found := &problems{}
	body, ok := bodyObject(x.body, found)
	if !ok {
		return found.rejection()
	}
	a := readLaunch(body, reserve)
	stripeSession, _ := body.text("stripe_session_id", notEmpty)
	if refused := found.rejection(); refused != nil {
		return refused
	}
	if w.tickerTaken(a.Ticker) {
		return refuse(http.StatusConflict, "Ticker '%s' is already taken", a.Ticker)
	}
	if w.nameTaken(a.Name, nil) {
		return refuse(http.StatusConflict, "Agent name '%s' is already taken", a.Name)
	}
	paid, refused := w.payLaunch(x.user, stripeSession)
	if refused != nil {
		return refused
	}
	a.Launch, a.ID, a.Owner, a.CreatedAt, a.Seq = paid, newID(), x.user.ID, w.now, w.seq()
	w.agents = append(w.agents, a)
	w.changed()
	return jsonAnswer(http.StatusCreated, a.full(x.base))
}

// readLaunch reads body A of the API. A reservation takes no tx_hash and no deployer_address; like any unknown field they are ignored.
func readLaunch(body object, reserve bool) *agent {
	a := &agent{Status: statusActive, UptimePct: "100", SuccessRate: "100", Price: defaultPrice, AuthTier: tierJWT}
	body.require("name", "ticker", "endpoint_url")
	body.notNull("service_price", "auth_tier")
	a.Name, _ = body.text("name", isName)
	a.Ticker, _ = body.text("ticker", matches(tickerPattern))
	a.EndpointURL, _ = body.text("endpoint_url", isHTTPURL)
	if price, ok := body.amount("service_price", isPrice); ok {
		a.Price = price
	}
	if tier, ok := body.text("auth_tier", isOneOf(tierJWT, tierBuyerKey)); ok {
		a.AuthTier = tier
	}
	a.Description, a.Category, a.Provider = body.optionalText("description"), body.optionalText("category"), body.optionalText("provider")
	if secret, ok := body.text("provider_api_key", notEmpty); ok {
		a.setProviderKey(secret)
	}
	if manifest, ok := body.object("manifest"); ok {
		a.Manifest = readManifest(manifest)
	}
	if profile, ok := body.object("profile"); ok {
		a.Profile = readProfile(profile)
	}
	if reserve {
		a.Status = statusPending
		return a
	}
	hash, _ := body.text("tx_hash", matches(txHashPattern))
	address, _ := body.text("deployer_address", matches(addressPattern))
	a.deployed(hash, address)
	return a
}

// deployed notes a deployment on-chain. The addresses of its contracts follow from the transaction alone.
func (a *agent) deployed(txHash, deployer string) {
	a.TxHash, a.DeployerAddress = txHash, deployer
	if txHash == "" {
		return
	}
	contract := func(what string) *string {
		address := "0x" + hexSHA256([]byte(what + txHash))[:40]
		return &address
	}
	a.ContractAddress, a.DividendSplitterAddress, a.TokenAddress = contract("contract"), contract("splitter"), contract("token")
}

// payLaunch takes the fee of a launch: a completed checkout replaces it, the first launch of a founding member is free, and otherwise it comes from
// the user's credits (client 0.4.1; the order is assumed).
func (w *world) payLaunch(u *user, stripeSession string) (launch, *answer) {
	if stripeSession != "" {
		c := w.checkoutByID(stripeSession)
		if c == nil || c.User != u.ID || c.Type != "launch" || c.Status != statusComplete {
			return launch{}, refuse(http.StatusPaymentRequired, "Checkout '%s' is not a completed, unused launch checkout of yours", stripeSession)
		}
		c.Status = statusUsed
		return launch{Checkout: c.ID}, nil
	}
	if u.LaunchesLeftFree > 0 {
		u.LaunchesLeftFree--
		return launch{Free: true}, nil
	}
	if err := w.ledger.consume(u.ID, launchFee, money.Zero(), cause{}, w.now); err != nil {
		return launch{}, w.short(u, "Launching an agent", launchFee)
	}
	return launch{Fee: launchFee}, nil
}

// short is the 402 that says what is missing.
func (w *world) short(u *user, what string, price money.Amount) *answer {
	return refuse(http.StatusPaymentRequired, "%s", w.shortText(u, what, price))
}

func (w *world) shortText(u *user, what string, price money.Amount) string {
	has := w.account(u).available
	return "Insufficient credits. " + what + " costs " + price.USD() + ", available " + has.USD() + ". Please top up " + price.Sub(has).USD() + "."
}

func activateAgent(w *world, x *exchange) *answer {
	if refused := w.notYours(x); refused != nil {
		return refused
	}
	found := &problems{}
	body, ok := bodyObject(x.body, found)
	if !ok {
		return found.rejection()
	}
	body.require("tx_hash", "deployer_address")
	hash, _ := body.text("tx_hash", matches(txHashPattern))
	address, _ := body.text("deployer_address", matches(addressPattern))
	if refused := found.rejection(); refused != nil {
		return refused
	}
	a := w.listedByID(x.values["agent_id"])
	switch {
	case a == nil:
		return notFound("Agent")
	case a.Status != statusPending:
		return refuse(http.StatusConflict, "The agent is %s, not pending", a.Status)
	}
	a.Status = statusActive
	a.deployed(hash, address)
	w.changed()
	return jsonAnswer(http.StatusOK, a.full(x.base))
}

func cancelReservation(w *world, x *exchange) *answer {
	if refused := w.notYours(x); refused != nil {
		return refused
	}
	a := w.listedByID(x.values["agent_id"])
	switch {
	case a == nil:
		return notFound("Agent")
	case a.Status != statusPending:
		return refuse(http.StatusConflict, "The agent is %s, not pending", a.Status)
	}
	switch paid := a.Launch; {
	case paid.Free:
		x.user.LaunchesLeftFree++
	case paid.Checkout != "":
		if c := w.checkoutByID(paid.Checkout); c != nil {
			c.Status = statusComplete
		}
	default:
		w.ledger.refund(x.user.ID, paid.Fee, money.Zero(), cause{}, w.now)
	}
	w.remove(a)
	w.changed()
	return emptyAnswer(http.StatusNoContent)
}

// addSeeded adds a seed's agent.
func (w *world) addSeeded(s SeedAgent) {
	a := &agent{
		Seq: w.seq(), ID: firstOf(s.ID, seededID("agent/"+s.Ticker)), Owner: s.Owner, Name: s.Name, Ticker: s.Ticker, EndpointURL: s.EndpointURL,
		Description: s.Description, Category: s.Category, Provider: s.Provider, Price: defaultPrice, AuthTier: firstOf(s.AuthTier, tierJWT),
		Status: firstOf(s.Status, statusActive), ProviderKeyConfigured: s.ProviderKeyConfigured, UptimePct: numberOr(s.UptimePct, "100"),
		SuccessRate: numberOr(s.SuccessRate, "100"), Revenue: s.TotalRevenue, Requests: s.TotalRequests, CreatedAt: s.CreatedAt.or(w.now),
		ContractAddress: s.ContractAddress, DividendSplitterAddress: s.DividendSplitterAddress, TokenAddress: s.AgentTokenAddress,
		ImageURL: s.ImageURL, Responder: s.Responder,
	}
	if s.ServicePrice != nil {
		a.Price = *s.ServicePrice
	}
	if s.ProviderAPIKey != "" {
		a.setProviderKey(s.ProviderAPIKey)
	}
	if s.Manifest != nil {
		m := s.Manifest.withDefaults()
		a.Manifest = &m
	}
	if s.Profile != nil {
		p := s.Profile.withDefaults()
		a.Profile = &p
	}
	a.Responder.Body = slices.Clone(s.Responder.Body)
	w.agents = append(w.agents, a)
}
