package purchase

// Severity says whether a problem stops a plan or an apply.
type Severity int

const (
	// SeverityWarning is told and stops nothing.
	SeverityWarning Severity = iota
	// SeverityError stops what is going on.
	SeverityError
)

// Problem is something that a person has to know. It becomes a diagnostic of the CLI.
type Problem struct {
	// Severity is the zero value, SeverityWarning, unless set.
	Severity Severity
	// Summary is one line in sentence case without a full stop. Problems of one sort share it, so that the CLI can fold their warnings into one.
	Summary string
	// Detail says what happened, why, and what to do next.
	Detail string
}

// Reason tells refusals apart for programs.
type Reason string

const (
	// ReasonSpendingOff says: there are no limits, so every charge is refused.
	ReasonSpendingOff Reason = "spending_off"
	// ReasonLimit says: a limit of the configuration would be exceeded.
	ReasonLimit Reason = "limit"
	// ReasonPrice says: the price is above what the configuration authorised, or it could not be read.
	ReasonPrice Reason = "price"
	// ReasonJournal says: the journal could not be used, so a purchase could not have been made safely.
	ReasonJournal Reason = "journal"
	// ReasonBusy says: another process was still buying under this key.
	ReasonBusy Reason = "busy"
	// ReasonCancelled says: the run was interrupted before anything was sent.
	ReasonCancelled Reason = "cancelled"
	// ReasonDuplicate says: the run has already bought under this key for another resource.
	ReasonDuplicate Reason = "duplicate"
	// ReasonBound says: the key was used before, for something that this purchase may not take over.
	ReasonBound Reason = "bound"
	// ReasonUnknown says: it is not known whether the purchase was made, and it could not be looked up.
	ReasonUnknown Reason = "unknown"
	// ReasonAbsent says: the answer was lost, and the purchase was not found afterwards.
	ReasonAbsent Reason = "absent"
	// ReasonAmbiguous says: what was looked up may belong to this purchase or to another one.
	ReasonAmbiguous Reason = "ambiguous"
	// ReasonCheck says: something that had to be read from the service before a charge could not be read.
	ReasonCheck Reason = "check"
)

// Refusal is the error of a purchase that the desk did not make, or of which it can't say that it was made. Its Problem has severity error.
type Refusal struct {
	Problem

	// Reason tells the cases apart.
	Reason Reason
	// Err is the cause, where there is one: an error of the client, of the file system, or of the context.
	Err error
}

// Error gives the summary and the detail.
func (r *Refusal) Error() string { return r.Summary + ": " + r.Detail }

// Unwrap gives the cause, nil where there is none.
func (r *Refusal) Unwrap() error { return r.Err }

func refuse(reason Reason, cause error, summary, detail string) *Refusal {
	return &Refusal{Problem: Problem{Severity: SeverityError, Summary: summary, Detail: detail}, Reason: reason, Err: cause}
}

func warn(summary, detail string) Problem {
	return Problem{Severity: SeverityWarning, Summary: summary, Detail: detail}
}

func fail(summary, detail string) Problem {
	return Problem{Severity: SeverityError, Summary: summary, Detail: detail}
}
