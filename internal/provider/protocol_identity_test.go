package provider_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/autx-ai/terraform-provider-autx/internal/mockserver"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/acctest/protocol"
)

func mustIdentify(t *testing.T, d *protocol.Driver, step string, instance *protocol.Instance, id string) {
	t.Helper()
	if diff := cmp.Diff(values{"id": id}, d.IdentityValues(instance)); diff != "" {
		t.Errorf("%s: identity (-want +got):\n%s", step, diff)
	}
}

func TestIdentityThroughALife(t *testing.T) {
	t.Parallel()
	server := market(t, nil)
	d := protocol.NewConfigured(t, server)

	made := d.MustApply(agentType, nil, agentNamed("SUMM"))
	mustIdentify(t, d, "create", made, made.ID())

	read := d.MustRead(made)
	mustIdentify(t, d, "read", read, made.ID())

	updated := d.MustApply(agentType, read, agentNamed("SUMM", "description", "New"))
	mustIdentify(t, d, "update", updated, made.ID())

	byID, _, diags := d.Import(agentType, made.ID())
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	mustIdentify(t, d, "import by id", byID, made.ID())

	byTicker, _, diags := d.Import(agentType, "summ")
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	mustIdentify(t, d, "import by ticker", byTicker, made.ID())
	mustIdentify(t, d, "read after import by ticker", d.MustRead(byTicker), made.ID())

	byIdentity, _, diags := d.ImportIdentity(agentType, values{"id": made.ID()})
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	mustIdentify(t, d, "import by identity", byIdentity, made.ID())
	if diff := cmp.Diff(d.MustRead(byID).Values(), d.MustRead(byIdentity).Values()); diff != "" {
		t.Errorf("import by identity differs from import by id (-id +identity):\n%s", diff)
	}
}

// TestIdentityOfOldState starts from what a CLI or a provider without identities saved.
func TestIdentityOfOldState(t *testing.T) {
	t.Parallel()
	server := market(t, nil)
	d := protocol.NewConfigured(t, server)
	made := d.MustApply(agentType, nil, agentNamed("SUMM"))
	old := &protocol.Instance{TypeName: agentType, State: made.State}

	mustIdentify(t, d, "read", d.MustRead(old), made.ID())
	mustIdentify(t, d, "update", d.MustApply(agentType, old, agentNamed("SUMM", "description", "New")), made.ID())
	if destroyed := d.MustApply(agentType, old, nil); !destroyed.Gone() {
		t.Errorf("after the destroy there is %v", destroyed.Values())
	}
}

func TestIdentityOfAnAgentThatIsGone(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"gone", "delisted"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			server := market(t, nil, mockserver.WithAssume("agents.delete", mode))
			d := protocol.NewConfigured(t, server)
			made := d.MustApply(agentType, nil, agentNamed("SUMM"))
			asOwner(t, server, http.MethodDelete, "/agents/"+made.ID(), "")

			for name, state := range map[string]*protocol.Instance{"with identity": made, "without": {TypeName: agentType, State: made.State}} {
				d.NextWalk()
				after, _, diags := d.Read(state)
				if diags.HasErrors() || !after.Gone() {
					t.Errorf("%s: after it was deleted outside there is %v: %s", name, after.Values(), diags)
				}
				mustIdentify(t, d, name, after, made.ID())
			}
		})
	}
}

func TestIdentityWhereTheProviderIsNotKnown(t *testing.T) {
	t.Parallel()
	server := market(t, nil)
	made := protocol.NewConfigured(t, server).MustApply(agentType, nil, agentNamed("SUMM"))

	d := protocol.New(t)
	d.MustConfigure(values{"base_url": protocol.Unknown, "api_key": server.Key()})
	after, _, diags := d.Read(&protocol.Instance{TypeName: agentType, State: made.State})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	mustIdentify(t, d, "read that could not reach AUTX", after, made.ID())
}

func TestIdentityAfterALaunchThatNeededHelp(t *testing.T) {
	t.Parallel()
	for name, rule := range map[string]string{
		"its answer was lost":        "agents.create:after:reset",
		"the image was not uploaded": "agents.upload_image:before:status=400",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := market(t, nil, mockserver.WithFault(rule))
			d := protocol.NewConfigured(t, server)
			made := d.MustApply(agentType, nil, agentNamed("SUMM", "image", values{"source": imageFile(t)}))
			mustIdentify(t, d, "create", made, seededID(t, server, "SUMM"))
		})
	}
}

func TestImportByIdentity(t *testing.T) {
	t.Parallel()
	server := market(t, []string{"MINE"})
	d := protocol.NewConfigured(t, server)
	for name, c := range map[string]struct {
		id   any
		says string
	}{
		"null":             {nil, "id"},
		"empty":            {"", "id"},
		"a ticker":         {"MINE", "UUID"},
		"an unknown agent": {"00000000-0000-0000-0000-000000000000", "No such agent"},
		"somebody else's":  {seededID(t, server, "OTHR"), "belongs to somebody else"},
	} {
		if _, _, diags := d.ImportIdentity(agentType, values{"id": c.id}); !diags.Errors().Say(c.says) {
			t.Errorf("%s: %s", name, diags)
		}
	}
	if made := writes(server); len(made) > 0 {
		t.Errorf("importing made the requests %v", made)
	}
}
