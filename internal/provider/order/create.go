package order

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/diagnose"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/identity"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/live"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/planned"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/reported"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/spend"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/usd"
	"github.com/autx-ai/terraform-provider-autx/internal/purchase"
)

const (
	defaultCreateTimeout = 3 * time.Minute
	defaultReadTimeout   = 5 * time.Minute

	// sendAtLeast is the least time that the purchase itself gets: a short timeouts.create is about waiting, and must not turn an answer that comes late
	// into one that is lost.
	sendAtLeast = 150 * time.Second
	// finishWithin bounds what is read after a purchase whose run was interrupted.
	finishWithin = 30 * time.Second
)

// Create implements resource.Resource. Everything that can fail happens before the order is placed; once it is paid only warnings follow, as an error
// would taint it.
func (r *Resource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	defer r.data.Paced(&resp.Diagnostics)
	var plan resourceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	api, diags := r.data.Client()
	resp.Diagnostics.Append(diags...)
	timeout, diags := plan.Timeouts.Create(ctx, defaultCreateTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	files, diags := measured(ctx, plan.Files)
	resp.Diagnostics.Append(diags...)
	most, ok := plan.MaxPrice.Amount()
	if !ok {
		resp.Diagnostics.AddAttributeError(path.Root("max_price"), "Not an amount of US dollars", "max_price is not an amount of US dollars. Nothing "+
			"was charged.")
	}
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	b := &buyer{walk: r.walk, api: api, plan: plan, files: files}
	result, err := r.data.Desk().Buy(ctx, b.purchase(most, timeout))
	if err != nil {
		resp.Diagnostics.Append(b.refused(err)...)
		return
	}
	r.walk.bought(plan.AgentID.ValueString(), result.ID)
	resp.Diagnostics.Append(diagnose.Problems(result.Problems)...)
	resp.Diagnostics.Append(diagnose.Soft(identity.Set(ctx, resp.Identity, result.ID))...)

	// From here on the order is placed and paid for.
	f := &finisher{api: api, id: result.ID, order: b.answer, files: files, problems: &resp.Diagnostics}
	if f.order == nil {
		f.order = &client.Order{ID: result.ID}
		f.findAmounts(ctx, b.inLists(context.WithoutCancel(ctx)))
	}
	f.follow(ctx, plan)
	r.data.Moved() // what was read meanwhile shows the order as it was before its end, and the ledger without its refund
	f.told(most, result.Adopted)
	if f.read {
		resp.Diagnostics.Append(diagnose.Soft(markRead(ctx, resp.Private))...)
	}
	resp.State.Raw = f.state(ctx, req.Plan, plan, result.Adopted)
}

// buyer is one order on its way.
type buyer struct {
	walk  *walk
	api   *client.Client
	plan  resourceModel
	files []*content

	agentID  string        // the agent's id as AUTX spells it, "" until that was read
	agentErr error         // why the agent could not be read
	answer   *client.Order // AUTX's answer, nil where the order was found again instead
}

// purchase is the order as the desk buys it: at most once.
func (b *buyer) purchase(most money.Amount, timeout time.Duration) purchase.Purchase {
	agentID := b.plan.AgentID.ValueString()
	bound := make([]boundFile, len(b.files))
	for i, file := range b.files {
		bound[i] = boundFile{file.name, file.sha256}
	}
	return purchase.Purchase{
		Kind: kind, Key: b.plan.IdempotencyKey.ValueString(), Title: title(b.plan), Scope: strings.ToLower(agentID), Authorized: most,
		Digest:   inputsDigest(agentID, b.plan.Prompt.ValueString(), b.plan.PaymentMethod.ValueString(), bound),
		Deadline: max(timeout, sendAtLeast), Settled: purchase.AdoptIfSameInputs,
		Price:    b.price,
		Snapshot: b.snapshot,
		Send:     b.send,
		Find:     b.find,
		Confirm: func(ctx context.Context, id string) (bool, error) {
			_, err := b.api.Orders.Get(ctx, id)
			if client.IsNotFound(err) {
				return false, nil
			}
			return err == nil, err
		},
	}
}

func (b *buyer) price(ctx context.Context) (money.Amount, error) {
	agent, err := b.walk.facts.Now(ctx, live.ID(b.plan.AgentID.ValueString()))
	if err != nil {
		b.agentErr = err
		return money.Zero(), err
	}
	b.agentID = agent.ID
	price, ok := agent.ServicePrice.Value()
	if !ok {
		return money.Zero(), fmt.Errorf("AUTX does not tell the price of agent %s", b.plan.AgentID.ValueString())
	}
	return price, nil
}

// inLists is the agent's id by which lists of orders are asked for: as AUTX spells it, since a list that takes another spelling for another agent
// would show nothing, and an order that is not found is bought again.
func (b *buyer) inLists(ctx context.Context) string {
	if b.agentID == "" {
		agent, err := b.walk.facts.Now(ctx, live.ID(b.plan.AgentID.ValueString()))
		if err != nil {
			return b.plan.AgentID.ValueString()
		}
		b.agentID = agent.ID
	}
	return b.agentID
}

// snapshot gives the ids of the agent's orders before this one.
func (b *buyer) snapshot(ctx context.Context) (json.RawMessage, error) {
	ids, err := b.walk.idsBefore(ctx, b.inLists(ctx))
	if err != nil {
		return nil, err
	}
	slices.Sort(ids)
	return json.Marshal(ids) //nolint:wrapcheck // a list of text can always be written
}

func (b *buyer) send(ctx context.Context) (string, error) {
	create := client.OrderCreate{
		AgentID: b.plan.AgentID.ValueString(), Prompt: b.plan.Prompt.ValueString(), PaymentMethod: b.plan.PaymentMethod.ValueString(),
	}
	var placed *client.Order
	var err error
	if len(b.files) == 0 {
		placed, err = b.api.Orders.Create(ctx, create)
	} else {
		files := make([]client.OrderFile, len(b.files))
		for i, file := range b.files {
			files[i] = file.forRequest()
		}
		placed, err = b.api.Orders.CreateWithFiles(ctx, create, files)
	}
	if err != nil {
		return "", err
	}
	b.answer = placed
	return placed.ID, nil
}

// find looks for an order whose answer was lost: one of the agent's that was not there before. Its price would tell no more, as a price may change.
func (b *buyer) find(ctx context.Context, snapshot json.RawMessage) ([]purchase.Match, error) {
	var before []string
	if err := json.Unmarshal(snapshot, &before); err != nil {
		return nil, fmt.Errorf("read which orders there were before: %w", err)
	}
	orders, err := ordersOf(ctx, b.api, b.inLists(ctx))
	if err != nil {
		return nil, err
	}
	var found []purchase.Match
	for i := range orders {
		if !slices.Contains(before, orders[i].ID) {
			found = append(found, purchase.Match{ID: orders[i].ID, Label: label(&orders[i])})
		}
	}
	return found, nil
}

// label describes an order for a reader.
func label(o *client.Order) string {
	text := "order"
	if paid, ok := o.AmountPaid.Value(); ok {
		text += " of " + paid.USD()
	}
	if ticker := o.AgentTicker.Or(""); ticker != "" {
		text += " from " + ticker
	}
	if at := o.CreatedAt.Or(""); at != "" {
		text += ", placed " + at
	}
	if status := o.Status.Or(""); status != "" {
		text += ", " + status
	}
	return text
}

// refused explains why an order was not placed, at the argument that is to blame.
func (b *buyer) refused(err error) diag.Diagnostics {
	refusal, ok := errors.AsType[*purchase.Refusal](err)
	if !ok {
		return diagnose.Error("Could not place "+title(b.plan), err, fieldPaths)
	}
	return live.Refused(refusal, kind, wanted(b.plan), b.agentErr)
}

// finisher learns what became of an order that was placed. It never fails: what it can't do becomes a warning, and the next refresh does it.
type finisher struct {
	api      *client.Client
	id       string
	order    *client.Order // what is known of it so far
	files    []*content
	read     bool // that the order's result was read to its end
	problems *diag.Diagnostics
}

// findAmounts reads what an order cost that was found again: only lists tell.
func (f *finisher) findAmounts(ctx context.Context, agentID string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishWithin)
	defer cancel()
	orders, err := ordersOf(ctx, f.api, agentID)
	if err != nil {
		f.problems.Append(diagnose.Warning("Bought, but could not read what the order cost", err, nil)...)
		return
	}
	for i := range orders {
		if orders[i].ID == f.id {
			f.order = together(f.order, &orders[i])
		}
	}
}

// follow reads the order's result: once, or until it is finished where that is wanted.
func (f *finisher) follow(ctx context.Context, plan resourceModel) {
	wait := plan.WaitForCompletion.ValueBool()
	if status, known := f.order.Status.Value(); !wait && known && !finished(status) {
		return
	}
	w := waiter{get: func(ctx context.Context) (*client.Order, error) { return f.api.Orders.Get(ctx, f.id) }, once: !wait}
	result, err := w.wait(ctx)
	if result != nil {
		f.order = together(result, f.order)
		f.read = finished(result.Status.Or(""))
	}
	switch {
	case err == nil:
	case errors.Is(err, context.Canceled):
		f.problems.AddWarning("Order was not waited for", fmt.Sprintf("The order %s is placed and paid for. The run was interrupted before it was "+
			"finished; the next "+
			"refresh reads what became of it. Nothing is bought again.", f.id))
	case errors.Is(err, context.DeadlineExceeded):
		f.problems.AddWarning("Order is not finished yet", fmt.Sprintf("The order %s is placed and paid for, and was still %s when the time for it was "+
			"over. The next refresh "+
			"reads what became of it. Nothing is bought again. To wait longer, raise timeouts.create.%s", f.id, f.order.Status.Or("without a "+
			"status"), lastTrouble(w.trouble)))
	default:
		f.problems.Append(diagnose.Warning("Bought, but could not read the order's result", err, nil)...)
	}
}

func lastTrouble(err error) string {
	if err == nil {
		return ""
	}
	return fmt.Sprintf("\n\nIt could not be read the last time: %v.", err)
}

// told says what a reader of the apply has to know of the finished order.
func (f *finisher) told(most money.Amount, adopted bool) {
	if f.order.Status.Or("") == statusFailed {
		f.problems.Append(failedWarning(f.id))
	}
	if paid, ok := f.order.AmountPaid.Value(); ok && paid.GreaterThan(most) && !adopted {
		f.problems.AddAttributeWarning(path.Root("max_price"), "More was charged than max_price", fmt.Sprintf("AUTX charged %s for the order %s, "+
			"although its price was at most "+
			"%s right before: it was raised in that moment. AUTX takes no limit with an order, and the order can't be taken "+
			"back.", paid.USD(), f.id, most.USD()))
	}
}

func failedWarning(id string) diag.Diagnostic {
	return diag.NewWarningDiagnostic("Order failed and was refunded", fmt.Sprintf("The agent could not answer the order %s, and AUTX refunds orders "+
		"that fail. It is kept with the status "+
		"failed, and is not bought again by itself: to try again, change idempotency_key.", id))
}

// charged is what creating the order cost.
func (f *finisher) charged(adopted bool) usd.Value {
	if adopted || f.order.Status.Or("") == statusFailed {
		return usd.Of(money.Zero())
	}
	return reported.Amount(usd.Null(), f.order.AmountPaid)
}

// state is what to save: the plan verbatim, and AUTX's answers for what it left open.
func (f *finisher) state(ctx context.Context, reqPlan tfsdk.Plan, plan resourceModel, adopted bool) tftypes.Value {
	seen := plan
	seen.purchased = fromAPI(unset(), f.order)
	seen.ID = types.StringValue(f.id)
	seen.answer = answerFromAPI(answer{}, f.order)
	authorized := plan.MaxPrice
	if most, ok := plan.MaxPrice.Amount(); ok {
		authorized = usd.Of(most)
	}
	seen.Spend = spend.Of(authorized, f.charged(adopted))
	var diags diag.Diagnostics
	seen.Files, diags = withSent(ctx, plan.Files, f.files)
	f.problems.Append(diagnose.Soft(diags)...)
	raw := tfsdk.State{Schema: reqPlan.Schema, Raw: reqPlan.Raw.Copy()}
	if diags := raw.Set(ctx, &seen); diags.HasError() {
		f.problems.Append(diagnose.Soft(diags)...)
		raw.Raw = reqPlan.Raw
	}
	filled, err := planned.Fill(reqPlan.Raw, raw.Raw)
	if err != nil {
		f.problems.AddWarning("Could not record everything that AUTX answered", err.Error())
	}
	return filled
}
