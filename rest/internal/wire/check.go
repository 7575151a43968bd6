package wire

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// check is something that MLflow looks at about one field of a request, before
// it looks at what the request says.
type check uint8

const (
	checkRequired check = iota + 1
	checkRange
	checkCount
	checkMembers
	checkNotNull
	// The others ask for a type. They are left out when protobuf had no objection
	// to the request.
	checkText
	checkFlag
	checkInt
	checkNumber
	checkList
	checkTexts
)

// checks are those of one field, in the order in which they are made.
type checks struct {
	list  [4]check
	count uint8

	low, high int64  // for checkRange
	words     string // what to say then; "" is the usual

	most    int // for checkCount
	tooMany func(n int) string

	members []string // for checkMembers
}

func (f Field) with(c check) Field {
	f.checks.list[f.checks.count] = c
	f.checks.count++
	return f
}

// The checks of a field are made in the order in which they are named, and the
// first that fails says what is wrong. A field that is absent is not checked
// unless it is required.

// NotNull asks that the field is not null, which otherwise is the same as absent.
func (f Field) NotNull() Field { return f.with(checkNotNull) }

func (c *checks) refusesNull() bool { return slices.Contains(c.list[:c.count], checkNotNull) }

// Required asks that the request has the field, and that it is neither null nor
// "".
func (f Field) Required() Field { return f.with(checkRequired) }

// IsText asks for a string.
func (f Field) IsText() Field { return f.with(checkText) }

// IsFlag asks for a bool.
func (f Field) IsFlag() Field { return f.with(checkFlag) }

// IsInt asks for what Python's int() takes. Null passes, over which MLflow
// stumbles with a 500.
func (f Field) IsInt() Field { return f.with(checkInt) }

// IsNumber asks for what Python's float() takes.
func (f Field) IsNumber() Field { return f.with(checkNumber) }

// IsList asks for a list.
func (f Field) IsList() Field { return f.with(checkList) }

// HasTexts asks for a list of nothing but strings.
func (f Field) HasTexts() Field { return f.with(checkTexts) }

// Between asks for an integer of a range, both ends included, if there is one.
// Words are what to say otherwise; "" is the usual.
func (f Field) Between(low, high int64, words string) Field {
	f.checks.low, f.checks.high, f.checks.words = low, high, words
	return f.with(checkRange)
}

// AtMost asks for no more than so many elements; words say what is wrong with
// another number of them.
func (f Field) AtMost(most int, words func(n int) string) Field {
	f.checks.most, f.checks.tooMany = most, words
	return f.with(checkCount)
}

// EachHas asks that each object of a list has some fields.
func (f Field) EachHas(members ...string) Field {
	f.checks.members = members
	return f.with(checkMembers)
}

// follow reports whether fields that were scanned pass their checks. It may not
// know that they do.
func follow(fields []Field) bool {
	for i := range fields {
		if f := &fields[i]; !f.checks.followed(f.present, f.place) {
			return false
		}
	}
	return true
}

func (c *checks) followed(present bool, at place) bool {
	for _, check := range c.list[:c.count] {
		switch check {
		case checkRequired:
			if !present {
				return false
			}
		case checkRange:
			p, ok := at.(*integer)
			if present && (!ok || p.n < c.low || p.n > c.high) {
				return false
			}
		case checkCount, checkMembers:
			if present {
				return false
			}
		case checkNotNull: // the scan takes no null
		default: // of the type; the scan takes no other
		}
	}
	return true
}

// complaint returns what MLflow says of the first check that a request fails,
// or "".
func (c *checks) complaint(name string, n *Value, parsed bool) string {
	v := n.Get(name)
	if (v == nil || v.Kind == KindNull) && name == "run_id" {
		if legacy := n.Get("run_uuid"); legacy != nil { // its name in MLflow 0
			v = legacy
		}
	}
	list := c.list[:c.count]
	if v == nil && !slices.Contains(list, checkRequired) {
		return ""
	}
	for _, check := range list {
		if check >= checkText && parsed {
			continue
		}
		if text, ok := c.pass(check, name, v); !ok {
			if text == "" {
				return InvalidValue(name, v)
			}
			return text + SeeDocs
		}
	}
	return ""
}

// pass makes one check. The text is what to say if it fails, "" for that the
// value is invalid.
func (c *checks) pass(check check, name string, v *Value) (text string, ok bool) {
	switch check {
	case checkRequired:
		return missing(name), present(v)
	case checkRange:
		n, isInt := IntLike(v)
		return c.words, !isInt || n >= c.low && n <= c.high
	case checkCount:
		if v == nil || len(v.List) <= c.most {
			return "", true
		}
		return c.tooMany(len(v.List)), false
	case checkMembers:
		return c.eachHas(name, v)
	case checkNotNull:
		return "", v == nil || v.Kind != KindNull
	default:
		return "", isOf(check, v)
	}
}

// eachHas checks that each element of a list has the members.
func (c *checks) eachHas(name string, v *Value) (text string, ok bool) {
	if v == nil || v.Kind != KindList {
		return "", true
	}
	for i := range v.List {
		for _, member := range c.members {
			if !present(v.List[i].Get(member)) {
				return missing(name + index(i) + "." + member), false
			}
		}
	}
	return "", true
}

func missing(param string) string { return "Missing value for required parameter '" + param + "'." }

// Missing says that a request lacks a parameter.
func Missing(param string) string { return missing(param) + SeeDocs }

// present tells whether there is a value that is neither null nor "".
func present(v *Value) bool {
	return v != nil && v.Kind != KindNull && (v.Kind != KindString || v.Text != "")
}

// isOf tells whether a value is of the type that a check asks for.
func isOf(c check, v *Value) bool {
	if v == nil {
		return false
	}
	switch c {
	case checkText:
		return v.Kind == KindString
	case checkFlag:
		return v.Kind == KindBool
	case checkInt:
		_, ok := IntLike(v)
		return ok || v.Kind == KindNull
	case checkNumber:
		return isFloatLike(v)
	case checkList:
		return v.Kind == KindList
	default: // checkTexts
		return v.Kind == KindList && !slices.ContainsFunc(v.List, func(e Value) bool { return e.Kind != KindString })
	}
}

func isFloatLike(v *Value) bool {
	if v.Kind == KindNull || v.Kind == KindList || v.Kind == KindDict {
		return false
	}
	_, ok := parseDouble(strings.TrimSpace(v.Text))
	return ok || v.Kind == KindBool
}

// IntLike reads what Python's int() reads.
func IntLike(v *Value) (int64, bool) {
	if v == nil {
		return 0, false
	}
	switch v.Kind {
	case KindInt:
		i, err := strconv.ParseInt(v.Text, 10, 64)
		if err != nil && strings.HasPrefix(v.Text, "-") {
			return math.MinInt64, true
		} else if err != nil {
			return math.MaxInt64, true
		}
		return i, true
	case KindFloat:
		d, ok := parseDouble(v.Text)
		return int64(d), ok && math.Abs(d) < 1<<62
	case KindString:
		i, err := strconv.ParseInt(strings.TrimSpace(v.Text), 10, 64)
		return i, err == nil
	case KindBool:
		if v.Text == "true" {
			return 1, true
		}
		return 0, true
	case KindNull, KindList, KindDict:
	}
	return 0, false
}

// SeeDocs ends what MLflow says of a parameter.
const SeeDocs = " See the API docs for more information about request parameters."

// InvalidValue says that the value of a parameter is refused. MLflow quotes
// values with sorted keys.
func InvalidValue(param string, v *Value) string {
	if v == nil {
		v = &Value{}
	}
	return "Invalid value " + string(appendPyJSON(nil, v, pyStyle{comma: ",", colon: ":", sorted: true})) + " for parameter '" + param +
		"' supplied:  Hint: Value was of type '" + v.pyType() + "'." + SeeDocs
}
