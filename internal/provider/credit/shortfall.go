package credit

import (
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/autx-ai/terraform-provider-autx/internal/client"
	"github.com/autx-ai/terraform-provider-autx/internal/money"
	"github.com/autx-ai/terraform-provider-autx/internal/provider/bound"
)

// depositDecimals is how many decimals a deposit may have (assumed; the SDK reference shows "10.00").
const depositDecimals = 2

// shortfall is a balance below a floor, and the deposit that mends it, in US dollars.
type shortfall struct {
	available, deposit money.Amount
}

// shortOf is the shortfall of a balance; nil where it suffices, or where the floor is not known. The deposit brings the balance to target, within
// what AUTX takes at once and what the configuration allows an apply.
func shortOf(balance *client.Balance, plan floorModel) *shortfall {
	floor, known := plan.Floor.Amount()
	if !known || !balance.Available.LessThan(floor) {
		return nil
	}
	target, _ := plan.Target.Amount()
	deposit := money.Min(money.Max(target.Sub(balance.Available).RoundUp(depositDecimals), minDeposit), maxDeposit)
	if most, ok := plan.MaxDepositPerApply.Amount(); ok {
		deposit = money.Min(deposit, most.RoundDown(depositDecimals))
	}
	return &shortfall{available: balance.Available, deposit: deposit}
}

func statusOf(short *shortfall) string {
	if short != nil {
		return statusShort
	}
	return statusOK
}

// told says what a floor that is not kept means.
func (s *shortfall) told(plan floorModel) diag.Diagnostic {
	at, summary := path.Root("floor"), "Balance is below the floor"
	floor, _ := plan.Floor.Amount()
	detail := fmt.Sprintf("%s is available, which is below the floor %q of %s.", s.available.USD(), plan.Name.ValueString(), floor.USD())
	switch plan.OnShortfall.ValueString() {
	case onShortfallError:
		return diag.NewAttributeErrorDiagnostic(at, summary, detail+" on_shortfall = \"error\" fails the plan for it. Top the credits up, lower the "+
			"floor, or set on_shortfall to \"warn\". "+
			howToTopUp+bound.PastTheError)
	case onShortfallDeposit:
		return diag.NewAttributeWarningDiagnostic(at, summary, fmt.Sprintf("%s The apply reads the balance again, and deposits what is missing then; by "+
			"the balance of now that is %s.",
			detail, s.deposit.USD()))
	}
	return diag.NewAttributeWarningDiagnostic(at, summary, detail+" Top the credits up, or set on_shortfall to \"deposit\" where AUTX takes test "+
		"deposits. "+howToTopUp)
}

// expiryWarning warns of a balance that is about to expire for lack of activity. Nothing is ever spent to keep it alive. Now is the service's time.
func expiryWarning(balance *client.Balance, plan floorModel, now time.Time) diag.Diagnostics {
	expires, ok := instant(balance.ExpiresAt)
	days := plan.ExpiryWarningDays.ValueInt64()
	if !ok || days == 0 || balance.Available.Sign() <= 0 || expires.Sub(now) > time.Duration(days)*24*time.Hour {
		return nil
	}
	return diag.Diagnostics{diag.NewAttributeWarningDiagnostic(path.Root("expiry_warning_days"), "Credits are about to expire", fmt.Sprintf(
		"%s expires at %s unless something happens on the account before: AUTX lets a balance expire after 90 days without activity. "+
			"An order, a call, a deposit or a withdrawal counts as activity.", balance.Available.USD(), expires.UTC().Format(time.RFC3339)))}
}
