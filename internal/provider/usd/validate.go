package usd

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/autx-ai/terraform-provider-autx/internal/money"
)

// AtLeast refuses, at plan, text that is not an exact decimal amount and amounts below the minimum.
func AtLeast(minimum money.Amount) validator.String { return bounds{min: &minimum} }

// Positive refuses, at plan, text that is not an exact decimal amount, zero and negative amounts.
func Positive() validator.String { return bounds{positive: true} }

// Between refuses, at plan, text that is not an exact decimal amount and amounts outside the bounds, which are both allowed themselves.
func Between(minimum, maximum money.Amount) validator.String {
	return bounds{min: &minimum, max: &maximum}
}

type bounds struct {
	min, max *money.Amount
	positive bool
}

func (b bounds) Description(context.Context) string {
	rules := []string{"a decimal number of US dollars like 12.50"}
	if b.positive {
		rules = append(rules, "more than 0")
	}
	if b.min != nil {
		rules = append(rules, "at least "+b.min.String())
	}
	if b.max != nil {
		rules = append(rules, "at most "+b.max.String())
	}
	return strings.Join(rules, ", ")
}

func (b bounds) MarkdownDescription(ctx context.Context) string { return b.Description(ctx) }

// ValidateString names the attribute in its messages: a CLI can't point to a place inside an object.
func (b bounds) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	amount, err := money.Parse(req.ConfigValue.ValueString())
	switch {
	case errors.Is(err, money.ErrRange):
		resp.Diagnostics.AddAttributeError(req.Path, "Amount has too many digits", fmt.Sprintf(
			"Attribute %s: %v. An amount of US dollars may have at most %d digits before and %d after the decimal "+
				"point.", req.Path, err, money.MaxDigits, money.MaxDigits))
	case err != nil:
		resp.Diagnostics.AddAttributeError(req.Path, "Not an amount of US dollars", fmt.Sprintf(
			"Attribute %s: %v. Write the amount as plain digits with an optional decimal point: \"12.50\", without a currency sign, thousands separators "+
				"or an exponent.", req.Path, err))
	case b.positive && amount.Sign() <= 0, b.min != nil && amount.LessThan(*b.min), b.max != nil && amount.GreaterThan(*b.max):
		resp.Diagnostics.AddAttributeError(req.Path, "Amount out of range", fmt.Sprintf("Attribute %s: %s was given; it must be "+
			"%s.", req.Path, amount.USD(), b.Description(ctx)))
	}
}
