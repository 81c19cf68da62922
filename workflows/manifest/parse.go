package manifest

import (
	"fmt"
	"strings"

	"imagebatch/workflows/contract"
)

// Rules say how lines are read.
type Rules struct {
	// ServiceType of the instance: it decides whether CategoryId, Crop and Region
	// mean anything. Fields that do not are ignored, whatever they hold.
	ServiceType contract.ServiceType
	// Strict takes the stricter reading wherever the vendor's pages disagree:
	// names of at most 256 characters, CustomContent required on ADD, and no
	// special characters in string attributes.
	Strict bool
	// Sources follows Source, the field by which lines of a dump name the object
	// that their picture is in. Whoever starts a task may name any object that the
	// worker can read; whoever writes a manifest may not, unless the one who starts
	// the task vouches for it. Without Sources the field is ignored.
	Sources bool
}

// Parse reads one line, without its line break. A line that cannot be used is a
// Problem; what is odd but understood is a warning, and both can be there. The
// text may be changed afterwards.
//
// Keys are matched exactly, and of a key given twice the last one counts. A value
// of the wrong JSON type is CodeInvalidMetaItem, except in Crop and Region, which
// have the codes CodeInvalidCrop and CodeInvalidRegion for whatever is wrong. A
// null is an absent field. The other fields of a DELETE are ignored when it names
// a picture. When it does not, any field but one OperationType and one ProductId,
// known or not, is CodeInvalidPicName: it may be where the picture's name was meant
// to stand, and without one the line would delete the whole product.
func Parse(text []byte, rules Rules) (Entry, []Warning, *Problem) {
	p := parser{text: text, rules: rules}
	problem := p.parse()
	if problem != nil {
		problem.Entry = p.known()
		return Entry{}, p.warnings.list(), problem
	}
	return p.entry, p.warnings.list(), nil
}

// TooLongProblem is the problem of a line that the Scanner found too long.
func TooLongProblem(length int) *Problem {
	return refuse(contract.CodeInvalidMetaItem, "the line has %d bytes and the limit is %d; write one object a line, and shorten its fields", length, MaxLine)
}

func refuse(code contract.Code, format string, args ...any) *Problem {
	return &Problem{Code: code, Message: fmt.Sprintf(format, args...)}
}

type parser struct {
	text     []byte
	rules    Rules
	spans    [fieldCount]span
	repeated [fieldCount]bool
	shared   string // copy of text, when its strings share one
	entry    Entry
	optional *optional
	// stranger is an unknown field: the first, or the first that was probably
	// meant to be PicName.
	stranger struct {
		name  string
		alike bool
		found bool
	}
	warnings warnings
}

// optional is room for everything that an Entry points to, so that a line costs
// one allocation for it and not ten.
type optional struct {
	content  string
	category int
	ints     [4]int32
	strs     [4]string
	crop     bool
	region   Region
}

func (p *parser) parse() *Problem {
	if why := notOneObject(p.text); why != "" {
		return &Problem{Code: contract.CodeInvalidMetaItem, Message: why}
	}
	if problem := p.collect(); problem != nil {
		return problem
	}
	if problem := p.operation(); problem != nil {
		return problem
	}
	if problem := p.product(); problem != nil {
		return problem
	}
	if problem := p.picture(); problem != nil {
		return problem
	}
	if p.entry.Operation == Delete {
		return nil
	}
	p.optional = &optional{}
	return p.attributes()
}

// collect finds the fields.
func (p *parser) collect() *Problem {
	w := walker{text: p.text}
	for {
		key, value, ok := w.next()
		if !ok {
			return nil
		}
		name := key[1 : len(key)-1]
		f, known := fieldOf(name)
		if !known {
			plain, ok := unescape(name)
			if !ok {
				return refuse(contract.CodeInvalidMetaItem, `a field name holds half of a surrogate pair (\ud800 to \udfff); write the character itself`)
			}
			if f, known = fieldOf(plain); !known {
				p.unknown(string(plain))
				continue
			}
		}
		if !p.spans[f].absent() {
			p.repeated[f] = true
			p.warnings.add(WarnRepeatedField, "%s is given more than once; the last one is used", fieldNames[f])
		}
		p.spans[f] = value
	}
}

func (p *parser) unknown(name string) {
	f, similar := alike(name)
	if meant := similar && f == fieldPicture; !p.stranger.found || meant && !p.stranger.alike {
		p.stranger.name, p.stranger.alike, p.stranger.found = clip(name, contract.MaxName), meant, true
	}
	if !similar {
		p.warnings.add(WarnUnknownField, "the field %s is not known and is ignored", contract.Quote(name))
		return
	}
	p.warnings.add(WarnUnknownField, "the field %s is not known and is ignored; write %s", contract.Quote(name), fieldNames[f])
}

func (p *parser) operation() *Problem {
	const remedy = `write "OperationType":"ADD" or "OperationType":"DELETE"`
	switch k := kindOf(p.value(fieldOperation)); k {
	case kindMissing, kindNull:
		return refuse(contract.CodeInvalidMetaItem, "OperationType is missing; %s", remedy)
	case kindString:
	default:
		return refuse(contract.CodeInvalidMetaItem, "OperationType is %s; %s", k, remedy)
	}
	text, _ := p.str(fieldOperation)
	operation := Operation(strings.ToUpper(text))
	switch {
	case operation == "UPDATE":
		return refuse(contract.CodeInvalidMetaItem, "OperationType is %s, which a manifest does not have; an ADD of the same ProductId and PicName replaces the picture", contract.Quote(text))
	case operation != Add && operation != Delete:
		return refuse(contract.CodeInvalidMetaItem, "OperationType is %s; %s", contract.Quote(text), remedy)
	case string(operation) != text:
		p.warnings.add(WarnOperationCase, "OperationType is %s and is read as %s", contract.Quote(text), operation)
	}
	p.entry.Operation = operation
	return nil
}

// known is what could be read of a line with a problem, each name at most as long
// as a legal one.
func (p *parser) known() Entry {
	name := func(f field) string {
		if kindOf(p.value(f)) != kindString {
			return ""
		}
		text, _ := p.str(f)
		return strings.Clone(clip(text, contract.MaxName))
	}
	entry := Entry{Operation: p.entry.Operation, ProductID: p.entry.ProductID, PicName: p.entry.PicName}
	if entry.ProductID == "" {
		entry.ProductID = name(fieldProduct)
	}
	if entry.PicName == "" {
		entry.PicName = name(fieldPicture)
	}
	return entry
}
