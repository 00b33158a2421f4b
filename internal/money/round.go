package money

// RoundUp gives the smallest amount with at most so many digits after the decimal point that is not less than a.
func (a Amount) RoundUp(places int) Amount {
	return Amount{a.d.RoundCeil(int32(places))} //nolint:gosec // callers name a few places
}

// RoundDown gives the largest amount with at most so many digits after the decimal point that is not more than a.
func (a Amount) RoundDown(places int) Amount {
	return Amount{a.d.RoundFloor(int32(places))} //nolint:gosec // callers name a few places
}
