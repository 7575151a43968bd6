package access

// Ref names a thing that may be read.
type Ref struct {
	// ID is its id, or its name if it is a model or prompt. Things that have a parent
	// go by that: a run is its experiment here, a version its model.
	ID string
	// UID is the internal id of a model or prompt.
	UID string
}

// ToRead is what reading a thing of the type takes: what the endpoint that returns
// one asks for, and what decides whether it is in a list, see [Grants.Scope]. Of a
// type that is none it is what nobody but admins meets.
//
// Source: MLflow 3.18, server/auth/__init__.py, the validators of the get endpoints.
func ToRead(t Type, ref Ref) []Requirement {
	switch t {
	case Run, Trace, LoggedModel, ReviewQueue:
		return []Requirement{Read(Experiment).ID(ref.ID), Read(t).Of(ref.ID)}
	case Assessment:
		return []Requirement{Read(Experiment).ID(ref.ID), Read(Trace).Of(ref.ID), Read(t).Of(ref.ID)}
	case RegisteredModel, Prompt:
		return []Requirement{Read(t).Named(ref.ID, ref.UID)}
	case RegisteredModelVersion, PromptVersion:
		return []Requirement{Read(t.Parent()).Named(ref.ID, ref.UID), NotDenied(t)}
	case ScorerVersion:
		return []Requirement{Read(Scorer).ID(ref.ID), NotDenied(t).Of(ref.ID)}
	case MCPServerVersion:
		return []Requirement{Read(t).Of(ref.ID)}
	case Workspace:
		return []Requirement{Enter().In(ref.ID)}
	default:
		return []Requirement{Read(t).ID(ref.ID)}
	}
}
