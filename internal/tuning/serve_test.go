package tuning_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"weak"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	autx "github.com/autx-ai/terraform-provider-autx/internal/provider"
	"github.com/autx-ai/terraform-provider-autx/internal/tuning"
)

// carried is what a context carries, as the loggers and the request of a real call.
type carried [1 << 10]byte

type carriedKey struct{}

// TestCallsAreForgotten makes each call that is made for an object, and looks whether what its context carried is free afterwards. The framework's own
// server, of which one call is made as well, keeps it; once it doesn't, this package is of no use.
func TestCallsAreForgotten(t *testing.T) {
	t.Parallel()
	of := func(s tfprotov6.ProviderServer) map[string]func(context.Context) {
		const kind, source = "autx_none", "autx_nones" // a call that is refused is kept as well
		return map[string]func(context.Context){
			"ValidateResourceConfig":     calling(s.ValidateResourceConfig, &tfprotov6.ValidateResourceConfigRequest{TypeName: kind}),
			"UpgradeResourceState":       calling(s.UpgradeResourceState, &tfprotov6.UpgradeResourceStateRequest{TypeName: kind}),
			"UpgradeResourceIdentity":    calling(s.UpgradeResourceIdentity, &tfprotov6.UpgradeResourceIdentityRequest{TypeName: kind}),
			"ReadResource":               calling(s.ReadResource, &tfprotov6.ReadResourceRequest{TypeName: kind}),
			"PlanResourceChange":         calling(s.PlanResourceChange, &tfprotov6.PlanResourceChangeRequest{TypeName: kind}),
			"ApplyResourceChange":        calling(s.ApplyResourceChange, &tfprotov6.ApplyResourceChangeRequest{TypeName: kind}),
			"ImportResourceState":        calling(s.ImportResourceState, &tfprotov6.ImportResourceStateRequest{TypeName: kind}),
			"ValidateDataResourceConfig": calling(s.ValidateDataResourceConfig, &tfprotov6.ValidateDataResourceConfigRequest{TypeName: source}),
			"ReadDataSource":             calling(s.ReadDataSource, &tfprotov6.ReadDataSourceRequest{TypeName: source}),
		}
	}
	kept := func(call func(context.Context)) bool {
		still := carry(t.Context(), call)
		for range 3 {
			runtime.GC()
		}
		return still.Value() != nil
	}
	ours := tuning.Server(autx.New("test")())
	for name, call := range of(ours) {
		if kept(call) {
			t.Errorf("what the context of %s carried is kept", name)
		}
	}
	runtime.KeepAlive(ours)
	frameworks := providerserver.NewProtocol6(autx.New("test")())()
	if !kept(of(frameworks)["ValidateResourceConfig"]) {
		t.Error("the framework forgets calls by itself")
	}
	runtime.KeepAlive(frameworks)
}

// calling makes a call of the server; what it answers is of no interest.
func calling[Q, P any](call func(context.Context, Q) (P, error), req Q) func(context.Context) {
	return func(ctx context.Context) { _, _ = call(ctx, req) }
}

// carry makes a call with a context that carries something, and tells what that was.
func carry(ctx context.Context, call func(context.Context)) weak.Pointer[carried] {
	value := &carried{}
	ctx, cancel := context.WithCancel(context.WithValue(ctx, carriedKey{}, value))
	defer cancel() // as the server of the protocol does
	call(ctx)
	return weak.Make(value)
}

// watched is a provider with one resource, whose Read looks at its context.
type watched struct {
	provider.Provider
	read func(ctx context.Context)
}

func (*watched) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "watched"
}

func (*watched) Schema(context.Context, provider.SchemaRequest, *provider.SchemaResponse) {}

func (w *watched) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource { return &thing{read: w.read} }}
}

type thing struct {
	resource.Resource
	read func(ctx context.Context)
}

func (*thing) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "watched_thing"
}

func (*thing) Schema(context.Context, resource.SchemaRequest, *resource.SchemaResponse) {}

func (x *thing) Read(ctx context.Context, _ resource.ReadRequest, _ *resource.ReadResponse) {
	x.read(ctx)
}

// TestACallHasItsContext: while a call lasts its context is the caller's, in values, deadline and end, and stopping ends it; afterwards it is over.
func TestACallHasItsContext(t *testing.T) {
	t.Parallel()
	var server tfprotov6.ProviderServer
	var seen context.Context
	var during func(ctx context.Context)
	server = tuning.Server(&watched{read: func(ctx context.Context) {
		seen = ctx //nolint:fatcontext // what becomes of it afterwards is what is looked at
		during(ctx)
	}})
	read := func(ctx context.Context, look func(context.Context)) {
		t.Helper()
		seen = nil //nolint:fatcontext // as above
		during = look
		empty, err := tfprotov6.NewDynamicValue(tftypes.Object{}, tftypes.NewValue(tftypes.Object{}, map[string]tftypes.Value{}))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := server.ReadResource(ctx, &tfprotov6.ReadResourceRequest{TypeName: "watched_thing", CurrentState: &empty})
		if err != nil || len(resp.Diagnostics) > 0 {
			t.Fatalf("%v, %v", err, resp.Diagnostics)
		}
		if seen == nil {
			t.Fatal("nothing was read")
		}
		if !errors.Is(seen.Err(), context.Canceled) || seen.Value(carriedKey{}) != nil {
			t.Errorf("after the call its context has error %v and the value %v", seen.Err(), seen.Value(carriedKey{}))
		}
	}
	ctx, cancel := context.WithTimeout(context.WithValue(t.Context(), carriedKey{}, "it"), 1<<40)
	defer cancel()
	read(ctx, func(within context.Context) {
		want, _ := ctx.Deadline()
		if got, ok := within.Deadline(); !ok || !got.Equal(want) {
			t.Errorf("deadline %v; want %v", got, want)
		}
		if within.Err() != nil || within.Value(carriedKey{}) != "it" {
			t.Errorf("error %v, value %v", within.Err(), within.Value(carriedKey{}))
		}
	})
	read(ctx, func(within context.Context) {
		if _, err := server.StopProvider(ctx, &tfprotov6.StopProviderRequest{}); err != nil {
			t.Error(err)
		}
		<-within.Done()
	})
	read(ctx, func(within context.Context) {
		cancel()
		<-within.Done()
		if !errors.Is(within.Err(), context.Canceled) {
			t.Errorf("error %v", within.Err())
		}
	})
}
