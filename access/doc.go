// Package access is the vocabulary and the model of who may do what: who sends a
// request, what the request needs, what has been granted, and how the one answers
// the other. It reads and writes nothing, and knows neither a table nor a server.
// The rules are MLflow's, see below.
//
// # From a request to an answer
//
// An [Authenticator] turns a request into a [Principal], a [Chain] asks several. The
// endpoint says what it needs as a list of [Requirement], in terms of a [Type] and an
// [Action]:
//
//	access.Read(access.Experiment).ID(exp)
//	access.Update(access.Run).Of(exp)
//
// An [Authorizer] says yes or [ErrDenied] to them, and which things a list may show,
// as a [Scope]. [ByGrants] is the one that decides as MLflow does, by [Grants.Decide]
// over a [Source] of [Grants]: the snapshot of one user in one workspace. [Decision]
// tells which grant decided.
//
// A service with users of its own implements Authenticator, one with rights of its own
// implements Authorizer, or only Source; each goes with the others of this package.
//
// # The model
//
// A [Grant] is a [Level] on one thing or on all of a type, by a role or directly. READ,
// USE, EDIT and MANAGE contain each other, DENY takes away. What is inside something
// else, runs in an experiment, is granted for the whole workspace only; without such a grant
// the experiment decides. So a requirement is a chain of one or two places, and the first
// with any grant decides, upwards and downwards: READ on all runs takes writing them
// from who manages an experiment. On one place DENY wins, else the highest level. Where
// there is no grant, [Policy] says what holds. Admins of a workspace may do everything
// in it, and admins of the server everything at all. The limits of an API token,
// [TokenScopes], come before all of this.
//
// Lists follow from points: a thing is in a [Scope] if, and only if, reading it
// ([ToRead]) is allowed.
//
// # Rules in one line
//
// E is the experiment. Each line is the rule of an endpoint, all of which has to be
// met:
//
//	experiments/create    MayCreate(), NotDenied(Experiment)
//	experiments/delete    Delete(Experiment).ID(e), Delete(Run).Of(e), Delete(Trace).Of(e), …
//	runs/log-metric       Read(Experiment).ID(e), Update(Run).Of(e)
//	runs/create           Update(Experiment).ID(e), NotDenied(Run)
//	model-versions/get    Read(RegisteredModel).Named(m, uid), NotDenied(RegisteredModelVersion)
//	registered-models/create  MayCreate(), NotDenied(RegisteredModel).New(m)
//	traces/delete-traces  Read(Experiment).ID(e), Delete(Trace).Of(e),
//	                      Delete(Assessment).Else(Update(Experiment).ID(e))
//	assessments/create    Read(Experiment).ID(e), Read(Trace).Of(e), NotDenied(Assessment),
//	                      AnyOf(Update(Experiment).ID(e), Update(Trace).Of(e))
//	scorers/get           Read(Scorer).ID(ScorerID(e, name)), NotDenied(ScorerVersion).Of(ScorerID(e, name))
//	users/get             Be(user)
//	users/create          WorkspaceAdmin().InAnyWorkspace().WhichAdministers()
//	roles/create          WorkspaceAdmin().In(workspace).WhichAdministers()
//	roles/list            HoldRole().In(workspace)
//	workspaces/get        Enter().In(workspace)
//
// # Where it differs from MLflow
//
// Members of a workspace see in lists what they may read, where MLflow shows them
// all of it. Direct grants on models and prompts hold internal ids, not names.
// Patterns that never match anything are refused. Grants of NO_PERMISSIONS, which only
// MLflow's older databases have, count as DENY. MLflow has no tokens.
//
// # Files
//
// principal.go and authenticator.go are about who; level.go, type.go, pattern.go and
// grant.go about what can be granted; action.go, requirement.go and reading.go about what
// is needed; policy.go, grants.go, decide.go and decision.go decide; scope.go is for lists;
// authorizer.go and denied.go are what a server asks.
package access
