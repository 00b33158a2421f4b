package provider_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest/protocol"
)

// TestPlannedReplacement makes the two calls that a CLI makes for a replacement: one with the prior state, which says that it has to be replaced,
// and one without.
func TestPlannedReplacement(t *testing.T) {
	t.Parallel()
	server := market(t, nil)
	d := protocol.NewConfigured(t, server)
	made := d.MustApply(agentType, nil, agentNamed("OLDD"))
	config := agentNamed("NEWW")

	in := d.MustPlan(agentType, d.MustRead(made), config)
	if diff := cmp.Diff([]string{"ticker"}, in.RequiresReplace); diff != "" {
		t.Errorf("requires replacement (-want +got):\n%s", diff)
	}
	said(t, "first call", in.Diagnostics.Warnings(), "ticker", "OLDD", "NEWW", "$20")

	anew := d.MustPlan(agentType, nil, config)
	if got := anew.Values()["spend"]; !cmp.Equal(got, values{"authorized_usd": "20", "charged_usd": protocol.Unknown}) {
		t.Errorf("the new agent is planned to spend %v", got)
	}
	if len(anew.Diagnostics) > 0 {
		t.Errorf("second call: %s", anew.Diagnostics)
	}

	// The apply walk: the old one is planned away and destroyed, the new one is planned again and created.
	d.NextWalk()
	if gone, diags := d.Apply(d.MustPlan(agentType, made, nil)); diags.HasErrors() || !gone.Gone() {
		t.Fatalf("destroy: %s", diags)
	}
	after, diags := d.Apply(d.MustPlan(agentType, nil, config))
	if diags.HasErrors() {
		t.Fatalf("create: %s", diags)
	}
	d.NextWalk()
	if plan := d.MustPlan(agentType, d.MustRead(after), config); !plan.Empty() {
		t.Errorf("afterwards the plan is not empty: %v", cmp.Diff(after.Values(), plan.Values()))
	}
	if got := liveTickers(server); !slices.Equal(got, []string{"NEWW", "OTHR"}) {
		t.Errorf("AUTX has %v", got)
	}
}

// TestReplacementCountsOnce: the limit of a run sees one launch, not one for each call.
func TestReplacementCountsOnce(t *testing.T) {
	t.Parallel()
	server := market(t, nil)
	d := protocol.New(t)
	config := with(protocol.ProviderValues(t, server), "spending.max_per_apply", "20")
	d.MustConfigure(config)
	made := d.MustApply(agentType, nil, agentNamed("OLDD"))
	d.MustPlan(agentType, made, agentNamed("NEWW"))
	d.MustPlan(agentType, nil, agentNamed("NEWW"))
	second := d.Plan(agentType, nil, agentNamed("MORE"))
	if !second.Diagnostics.Errors().Say("$40.00", "max_per_apply", "NEWW", "MORE") {
		t.Errorf("a second launch is not over the limit: %s", second.Diagnostics)
	}
}

func TestReplacementOfAProtectedAgent(t *testing.T) {
	t.Parallel()
	server := market(t, nil)
	d := protocol.NewConfigured(t, server)
	made := d.MustApply(agentType, nil, agentNamed("OLDD", "deletion_protection", true))
	// Lifting the protection in the same step does not count: what is in state decides.
	for _, ticker := range []any{"NEWW", protocol.Unknown} {
		plan := d.Plan(agentType, made, agentNamed("OLDD", "ticker", ticker, "deletion_protection", false))
		said(t, "replacement", plan.Diagnostics.Errors(), "ticker", "deletion_protection", "OLDD", "destroy -refresh=false")
	}
	d.NextWalk()
	plan := d.Plan(agentType, made, nil)
	said(t, "destroy", plan.Diagnostics.Errors(), "", "deletion_protection", "OLDD", made.ID())
	d.NextWalk()
	if plan := d.MustPlan(agentType, made, agentNamed("OLDD", "ticker", "oldd", "deletion_protection", true)); !plan.Empty() {
		t.Error("the same ticker in another case is a change")
	}
}

// TestComputedAttributesAreDecided: an update leaves unknown what it can change, and nothing else. Then it is carried out: what the plan knew is so.
func TestComputedAttributesAreDecided(t *testing.T) {
	t.Parallel()
	full, bare, reserved := everything(t, "SUMM"), agentNamed("SUMM"), agentNamed("SUMM", "launch", values{"reserve": true})
	addresses := []string{"agent_token_address", "contract_address", "dividend_splitter_address"}
	for name, c := range map[string]struct {
		from, to values
		want     []string
	}{
		"nothing":                 {full, full, nil},
		"description":             {full, with(full, "description", "x"), nil},
		"description of bare":     {bare, with(bare, "description", "x"), nil},
		"name":                    {full, with(full, "name", "Renamed"), nil},
		"endpoint":                {full, with(full, "endpoint_url", "https://us.example/new"), nil},
		"price":                   {full, with(full, "service_price", "7"), nil},
		"tier":                    {full, with(full, "auth_tier", nil), nil},
		"manifest":                {full, with(full, "manifest.input.type", "json"), nil},
		"manifest's defaults":     {full, with(full, "manifest.input", nil), nil},
		"profile":                 {full, with(full, "profile.tagline", "x"), nil},
		"status":                  {full, with(full, "status", "active"), nil},
		"no status":               {full, with(full, "status", nil), nil},
		"protection":              {full, with(full, "deletion_protection", false), nil},
		"timeouts":                {full, with(full, "timeouts.read", "9m"), nil},
		"launch":                  {full, with(full, "launch.reserve", true), nil},
		"provider":                {full, with(full, "provider_key.provider", "anthropic"), nil},
		"no provider":             {full, with(full, "provider_key.provider", nil), nil},
		"no provider key":         {full, with(full, "provider_key", nil), nil},
		"everything optional":     {full, agentNamed("SUMM"), []string{"image_url"}},
		"provider key":            {full, with(full, "provider_key.value_wo_version", 2), []string{"provider_key_configured"}},
		"a new provider key":      {bare, with(bare, "provider_key", full["provider_key"]), []string{"provider_key_configured"}},
		"a new image":             {bare, with(bare, "image", full["image"]), []string{"image.content_sha256", "image_url"}},
		"another image":           {full, with(full, "image.source", otherImageFile(t)), []string{"image.content_sha256", "image_url"}},
		"the image elsewhere":     {full, with(full, "image.source", imageFile(t)), nil},
		"no image":                {full, with(full, "image", nil), []string{"image_url"}},
		"activation":              {reserved, with(reserved, "activation", proof), append(addresses, "status")},
		"activation and status":   {reserved, with(reserved, "activation", proof, "status", "paused"), addresses},
		"reservation's price":     {reserved, with(reserved, "service_price", "3"), nil},
		"activation of an active": {bare, with(bare, "activation", proof), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := protocol.NewConfigured(t, market(t, nil))
			prior := d.MustRead(d.MustApply(agentType, nil, c.from))
			plan := d.MustPlan(agentType, prior, c.to)
			if diff := cmp.Diff(c.want, plan.Unknowns()); diff != "" {
				t.Errorf("unknown are (-want +got):\n%s", diff)
			}
			if name == "nothing" != plan.Empty() {
				t.Errorf("empty %v", plan.Empty())
			}
			if len(plan.RequiresReplace) > 0 {
				t.Errorf("requires replacement for %v", plan.RequiresReplace)
			}
			after := d.MustApply(agentType, prior, c.to)
			if after.ID() != prior.ID() {
				t.Error("it became another agent")
			}
			if again := d.MustPlan(agentType, d.MustRead(after), c.to); !again.Empty() {
				t.Errorf("afterwards the plan is not empty: %s", cmp.Diff(after.Values(), again.Values()))
			}
		})
	}
}

// TestCreateLeavesOpenWhatAUTXDecides, and nothing else: what the configuration leaves out has its default in the plan already.
func TestCreateLeavesOpenWhatAUTXDecides(t *testing.T) {
	t.Parallel()
	server := market(t, nil)
	d := protocol.NewConfigured(t, server)
	always := []string{
		"agent_token_address", "contract_address", "created_at", "dividend_splitter_address", "id", "image_url", "owner_id", "provider_key_configured", "spend.charged_usd",
	}
	for name, c := range map[string]struct {
		config values
		more   []string
	}{
		"bare":                        {agentNamed("SUMM"), nil},
		"everything":                  {everything(t, "SUMM"), []string{"image.content_sha256"}},
		"reserved":                    {agentNamed("SUMM", "launch", values{"reserve": true}), []string{"status"}},
		"perhaps reserved":            {agentNamed("SUMM", "launch", values{"reserve": protocol.Unknown}), []string{"launch.reserve", "status"}},
		"perhaps with a launch block": {agentNamed("SUMM", "launch", protocol.Unknown), []string{"launch", "status"}},
		"chosen status":               {agentNamed("SUMM", "status", "paused"), nil},
		"empty manifest":              {agentNamed("SUMM", "manifest", values{}), nil},
		"half-empty manifest":         {agentNamed("SUMM", "manifest", values{"input": values{}}), nil},
	} {
		d.NextWalk()
		plan := d.MustPlan(agentType, nil, c.config)
		want := slices.Concat(always, c.more)
		slices.Sort(want)
		if diff := cmp.Diff(want, plan.Unknowns()); diff != "" {
			t.Errorf("%s: unknown are (-want +got):\n%s", name, diff)
		}
	}
}

// TestEachArgumentUnknown plans with one argument after the other unknown, for a create and for an update, then with the value, as the apply walk
// does.
func TestEachArgumentUnknown(t *testing.T) {
	t.Parallel()
	server := market(t, nil)
	d := protocol.NewConfigured(t, server)
	full := with(everything(t, "FULL"), "deletion_protection", false)
	made := d.MustApply(agentType, nil, full)
	paths := leaves("", full)
	if len(paths) < 35 {
		t.Fatalf("only %d arguments: %v", len(paths), paths)
	}
	for _, path := range slices.Concat(paths, []string{"manifest", "manifest.input", "manifest.output", "profile", "image", "provider_key", "launch", "timeouts", "profile.capabilities", "manifest.input.file_types"}) {
		config := with(full, path, protocol.Unknown)
		d.NextWalk()
		create := d.MustPlan(agentType, nil, with(config, "ticker", unless(path == "ticker", "NEWW"), "name", unless(path == "name", "A new one")))
		if path != "provider_key.value_wo" && !isUnknown(create.Values(), path) {
			t.Errorf("create: %s is unknown in the configuration, but planned as %v", path, at(create.Values(), path))
		}
		if got := at(create.Values(), "spend.authorized_usd"); got != "20" {
			t.Errorf("create with %s unknown: authorised are %v", path, got)
		}
		d.NextWalk()
		update := d.MustPlan(agentType, d.MustRead(made), config)
		if path != "provider_key.value_wo" && !isUnknown(update.Values(), path) {
			t.Errorf("update: %s is unknown in the configuration, but planned as %v", path, at(update.Values(), path))
		}
		if replaced := slices.Contains(update.RequiresReplace, "ticker"); replaced != (path == "ticker") {
			t.Errorf("update: with %s unknown, replaced is %v", path, replaced)
		}
		// Once the value is known and the same, nothing changes.
		if path == "ticker" {
			continue
		}
		d.NextWalk()
		again := d.MustPlan(agentType, made, full)
		for _, broken := range protocol.CheckApplied(update.Planned, again.Planned) {
			t.Errorf("%s: the second plan contradicts the first: %s", path, broken)
		}
	}
	d.NextWalk()
	if plan := d.MustPlan(agentType, nil, allUnknown()); at(plan.Values(), "spend.authorized_usd") != "20" {
		t.Errorf("everything unknown: %v", plan.Values()["spend"])
	}
}

func unless(unknown bool, value string) any {
	if unknown {
		return protocol.Unknown
	}
	return value
}

// isUnknown tells whether a place, or an object that it is in, is unknown.
func isUnknown(of values, path string) bool {
	for name, rest, deeper := strings.Cut(path, "."); ; name, rest, deeper = strings.Cut(rest, ".") {
		if of[name] == protocol.Unknown {
			return true
		}
		if !deeper {
			return false
		}
		of, _ = of[name].(values)
	}
}

// leaves are the paths of all arguments that are no objects.
func leaves(under string, of values) []string {
	var out []string
	for name, value := range of {
		path := strings.TrimPrefix(under+"."+name, ".")
		if inner, ok := value.(values); ok {
			out = append(out, leaves(path, inner)...)
			continue
		}
		out = append(out, path)
	}
	slices.Sort(out)
	return out
}

// TestPlanOfStateWithoutPrivateData starts from what a state looks like after `state push`, or in a CLI that keeps no private data.
func TestPlanOfStateWithoutPrivateData(t *testing.T) {
	t.Parallel()
	server := market(t, nil)
	d := protocol.NewConfigured(t, server)
	full := with(everything(t, "FULL"), "deletion_protection", false)
	made := d.MustApply(agentType, nil, full)
	plain := &protocol.Instance{TypeName: agentType, State: made.State}

	if plan := d.MustPlan(agentType, plain, full); !plan.Empty() {
		t.Errorf("the plan is not empty: %s", cmp.Diff(made.Values(), plan.Values()))
	}
	updated := d.MustApply(agentType, plain, with(full, "description", "x"))
	if updated.Values()["description"] != "x" {
		t.Errorf("the update gave %v", updated.Values()["description"])
	}
	if gone := d.MustApply(agentType, &protocol.Instance{TypeName: agentType, State: updated.State}, nil); !gone.Gone() {
		t.Error("the destroy left something")
	}
}

// TestWriteOnlyNeedsACapableCLI: an old CLI would save the key, so the argument is refused there, at its place.
func TestWriteOnlyNeedsACapableCLI(t *testing.T) {
	t.Parallel()
	d := protocol.New(t)
	config := agentNamed("SUMM", "provider_key", values{"value_wo": "sk-secret", "value_wo_version": 1})
	if diags := d.ValidateResource(agentType, config); len(diags) > 0 {
		t.Errorf("a capable CLI: %s", diags)
	}
	d.NoWriteOnly = true
	diags := d.ValidateResource(agentType, config)
	said(t, "an old CLI", diags.Errors(), "provider_key.value_wo", "provider_key.value_wo", "1.11")
	if strings.Contains(diags.String(), "sk-secret") {
		t.Errorf("the key is told: %s", diags)
	}
	if diags := d.ValidateResource(agentType, agentNamed("SUMM")); len(diags) > 0 {
		t.Errorf("an old CLI without a provider key: %s", diags)
	}
}

// TestProviderKeyIsKeptNowhere looks for the key in everything that a CLI saves or shows.
func TestProviderKeyIsKeptNowhere(t *testing.T) {
	t.Parallel()
	const key = "sk-very-secret-42"
	server := market(t, nil, mockserver.WithFault("agents.set_provider_key:before:status=422,body="+`{"detail":[{"loc":["body","api_key"],"msg":"bad `+key+`","type":"x"}]}`))
	d := protocol.NewConfigured(t, server)
	config := agentNamed("SUMM", "provider_key", values{"value_wo": key, "value_wo_version": 1})
	plan := d.MustPlan(agentType, nil, config)
	made := d.MustApply(agentType, nil, config)
	refused, diags := d.PlanAndApply(agentType, made, with(config, "provider_key.value_wo_version", 2))
	said(t, "refused key", diags.Errors(), "provider_key.value_wo", "422")
	if got := at(refused.Values(), "provider_key.value_wo_version"); got != int64(1) {
		t.Errorf("a key that was refused is noted as sent: version %v", got)
	}
	sent := d.MustApply(agentType, refused, with(config, "provider_key.value_wo_version", 2))
	for what, text := range map[string]string{
		"plan": plan.Planned.String(), "plan's diagnostics": plan.Diagnostics.String(), "state": made.State.String() + string(made.Private),
		"state after a refusal": refused.State.String() + string(refused.Private), "error": diags.String(), "state after it was sent again": sent.State.String(),
	} {
		if strings.Contains(text, key) {
			t.Errorf("the key is in the %s: %s", what, text)
		}
	}
}

// TestPriceSpelling: the same amount in other words is no change; in state stays what was written first.
func TestPriceSpelling(t *testing.T) {
	t.Parallel()
	server := market(t, nil)
	d := protocol.NewConfigured(t, server)
	made := d.MustApply(agentType, nil, agentNamed("SUMM", "service_price", "5.00", "manifest", values{"session_price_per_message": "0.10"}))
	for _, spelling := range []string{"5", "5.0", "5.00", "05", "5.000000"} {
		d.NextWalk()
		if plan := d.MustPlan(agentType, d.MustRead(made), agentNamed("SUMM", "service_price", spelling, "manifest", values{"session_price_per_message": "0.1"})); !plan.Empty() {
			t.Errorf("%s after 5.00 is a change: %v", spelling, plan.Values()["service_price"])
		}
	}
	d.NextWalk()
	plan := d.MustPlan(agentType, made, agentNamed("SUMM", "service_price", "5.01", "manifest", values{"session_price_per_message": "0.1"}))
	if got := plan.Values()["service_price"]; got != "5.01" {
		t.Errorf("5.01 is planned as %v", got)
	}
}

// liveTickers are the tickers of all agents at AUTX, sorted.
func liveTickers(server *mockserver.Server) []string {
	var out []string
	for _, a := range server.State().Agents {
		if a.Status != "delisted" {
			out = append(out, a.Ticker)
		}
	}
	slices.Sort(out)
	return out
}

func otherImageFile(t testing.TB) string {
	t.Helper()
	name := imageFile(t)
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, append(content, 0), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}
