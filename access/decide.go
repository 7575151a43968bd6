package access

// Decide says whether a user meets a requirement, and why. It costs no memory and
// looks at no more than three grants for each place of the chain.
//
//  1. What a token may not do is refused, to admins too.
//  2. An admin of the server may do everything.
//  3. An admin of the workspace may do everything in it, whatever is denied.
//  4. The first place of the chain with any grant decides. On one place DENY wins,
//     else the highest level; what is positive counts for [Policy.Default] at least.
//  5. Without a grant anywhere, [Policy.Default] decides where it holds.
//
// A requirement in another workspace than that of the snapshot is refused but to
// server admins; an [Authorizer] takes the other snapshot. So is everything if the
// snapshot is of another user.
//
// Source: MLflow 3.18, server/auth/requirements.py,
// governing_permission_and_action, but for tokens, which MLflow has not.
func (g *Grants) Decide(p *Principal, r Requirement) Decision {
	return g.decide(p, &r)
}

func (g *Grants) decide(p *Principal, r *Requirement) Decision {
	if p == nil || r.action == NoAction {
		return Decision{Reason: ByMistake}
	}
	if r.action == ActionAnyOf {
		return g.decideAny(p, r)
	}
	if p.Token != nil && !g.tokenAllows(p.Token, r) {
		return Decision{Reason: ByToken}
	}
	switch {
	case p.Admin:
		return Decision{Allowed: true, Reason: ByServerAdmin, Level: LevelManage}
	case r.action == ActionAnyone:
		return Decision{Allowed: true, Reason: ByIdentity}
	case r.action == ActionBe:
		return Decision{Allowed: p.Name == r.user && p.Name != "", Reason: ByIdentity}
	case r.action == ActionServerAdmin:
		return Decision{Reason: ByIdentity}
	case g == nil || g.user != p.ID || r.workspace != "" && r.workspace != g.workspace:
		return Decision{Reason: ByNothing}
	case r.action.byLevel() && !r.makesSense():
		return Decision{Reason: ByMistake}
	case g.admin:
		return Decision{Allowed: true, Reason: ByWorkspaceAdmin, Level: LevelManage, Held: g.heldOnAll(Workspace)}
	default:
		return g.decideMember(r)
	}
}

// decideMember decides what admins need not ask.
func (g *Grants) decideMember(r *Requirement) Decision {
	switch {
	case r.action.byLevel():
		return g.decideChain(r)
	case r.action == ActionMayCreate:
		return g.decideCreate()
	case r.action == ActionEnter && g.policy.opens(g.workspace):
		return Decision{Allowed: true, Reason: ByDefault, Level: g.policy.Default}
	case r.action == ActionEnter, r.action == ActionHoldRole:
		return Decision{Allowed: g.member, Reason: ByIdentity}
	case r.action == ActionWorkspaceAdmin:
		return Decision{Reason: ByNothing}
	default:
		return Decision{Reason: ByMistake}
	}
}

func (g *Grants) decideChain(r *Requirement) Decision {
	last := &r.own
	if held := g.find(&r.own); held != nil {
		return g.byGrant(held, r.own.action)
	}
	if r.parent.action != NoAction {
		last = &r.parent
		if held := g.find(&r.parent); held != nil {
			return g.byGrant(held, r.parent.action)
		}
	}
	if g.policy.opens(g.workspace) {
		level := g.policy.Default
		return Decision{Allowed: level.Allows(last.action), Reason: ByDefault, Level: level}
	}
	return Decision{Allowed: LevelNone.Allows(last.action), Reason: ByNothing}
}

func (g *Grants) byGrant(held *Held, a Action) Decision {
	level := held.Level.atLeast(g.policy.Default)
	return Decision{Allowed: level.Allows(a), Reason: ByGrant, Level: level, Held: held}
}

// decideCreate: the default never lifts a grant here.
//
// Source: MLflow 3.18, server/auth/__init__.py, _can_create_in_workspace.
func (g *Grants) decideCreate() Decision {
	if !g.policy.Workspaces {
		return Decision{Allowed: true, Reason: ByDefault, Level: g.policy.Default}
	}
	if held := g.heldOnAll(Workspace); held != nil {
		return Decision{Allowed: held.Level.Allows(ActionUse), Reason: ByGrant, Level: held.Level, Held: held}
	}
	if g.policy.opens(g.workspace) {
		return Decision{Allowed: g.policy.Default.Allows(ActionUse), Reason: ByDefault, Level: g.policy.Default}
	}
	return Decision{Reason: ByNothing}
}

// decideAny takes the first that is met, else the answer to the last.
func (g *Grants) decideAny(p *Principal, r *Requirement) Decision {
	d := Decision{Reason: ByMistake}
	for i := range r.any {
		if d = g.decide(p, &r.any[i]); d.Allowed {
			return d
		}
	}
	return d
}

// heldOnAll returns the grant on all of a type that decides.
func (g *Grants) heldOnAll(t Type) *Held {
	if g.all[t] == 0 {
		return nil
	}
	return &g.held[g.all[t]-1]
}

// tokenAllows: what belongs to no workspace is for tokens that are let into every
// one, but for what a user may ask about itself.
func (g *Grants) tokenAllows(s *TokenScopes, r *Requirement) bool {
	if effect := r.Effect(); !s.has(effect) {
		return false
	} else if effect == Reads && (r.action == ActionBe || r.action == ActionAnyone) {
		return true
	}
	switch r.action {
	case ActionServerAdmin, ActionBe, ActionAnyone:
		return s.AllWorkspaces
	default:
		return s.enters(g.asked(r))
	}
}

// asked is the workspace that a requirement is about, "" if it is unknown.
func (g *Grants) asked(r *Requirement) string {
	if r.workspace != "" || g == nil {
		return r.workspace
	}
	return g.workspace
}
