package money

import "github.com/shopspring/decimal"

// splitPlaces is the precision of a share: a USDC token has six decimals (assumed: no source states how AUTX rounds).
const splitPlaces = 6

var (
	platformShare = decimal.RequireFromString("0.10")
	creatorShare  = decimal.RequireFromString("0.72")
)

// Shares is what becomes of the price of an order, in US dollars.
type Shares struct {
	// Platform is AUTX's fee, 10%.
	Platform Amount
	// Creator is paid to the agent's owner, outside the owner's credits, 72%.
	Creator Amount
	// Buyback buys back and burns the agent's token: what is left, 18%.
	Buyback Amount
}

// Split divides the price of an order by AUTX's documented shares (client 0.4.1: 10% platform, 72% creator, 18% buyback). Platform and creator are
// rounded half away from zero to six decimals and buyback takes the rest, so the shares always add up to the price (rounding assumed).
func Split(price Amount) Shares {
	platform := price.d.Mul(platformShare).Round(splitPlaces)
	creator := price.d.Mul(creatorShare).Round(splitPlaces)
	return Shares{
		Platform: Amount{platform},
		Creator:  Amount{creator},
		Buyback:  Amount{price.d.Sub(platform).Sub(creator)},
	}
}
