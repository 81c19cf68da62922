package manifest

import (
	"strings"

	"imagebatch/workflows/contract"
)

// attributes reads what an ADD may say beside the names.
func (p *parser) attributes() *Problem {
	if problem := p.content(); problem != nil {
		return problem
	}
	if problem := p.category(); problem != nil {
		return problem
	}
	for n := range 4 {
		if problem := p.intAttr(n); problem != nil {
			return problem
		}
	}
	for n := range 4 {
		if problem := p.strAttr(n); problem != nil {
			return problem
		}
	}
	if problem := p.source(); problem != nil {
		return problem
	}
	if p.rules.ServiceType.WholePicture() {
		return nil
	}
	if problem := p.crop(); problem != nil {
		return problem
	}
	return p.region()
}

func (p *parser) content() *Problem {
	content, given, problem := p.optionalText(fieldContent)
	switch {
	case problem != nil:
		return problem
	case !given && p.rules.Strict:
		return refuse(contract.CodeInvalidCustomContent, `CustomContent is missing, and the strict reading requires it on ADD; give it, such as "CustomContent":"k1:v1"`)
	case !given:
		return nil
	}
	if why := contract.Excess("CustomContent", content, contract.MaxCustomContent); why != "" {
		return &Problem{Code: contract.CodeInvalidCustomContent, Message: why}
	}
	p.optional.content = content
	p.entry.CustomContent = &p.optional.content
	return nil
}

func (p *parser) category() *Problem {
	if !p.rules.ServiceType.KeepsCategories() {
		return nil
	}
	id, given, problem := p.optionalInteger(fieldCategory, contract.CodeInvalidCategory, "a category of the vendor's list, such as 0 for tops")
	if problem != nil || !given {
		return problem
	}
	if _, known := contract.CategoryName(int(id)); !known {
		return refuse(contract.CodeInvalidCategory, "CategoryId is %d, which is no category; use 0 to 9, 20, 21, 22 or %d, or leave it out to have it predicted", id, contract.CategoryOthers)
	}
	p.optional.category = int(id)
	p.entry.CategoryID = &p.optional.category
	return p.predicted()
}

// predicted reads whether the category was guessed. Of a line without a category
// it says nothing.
func (p *parser) predicted() *Problem {
	switch k := kindOf(p.value(fieldPredicted)); k {
	case kindMissing, kindNull:
	case kindTrue, kindFalse:
		p.entry.CategoryPredicted = k == kindTrue
	default:
		return wrongType(fieldPredicted, k, "true or false")
	}
	return nil
}

func (p *parser) intAttr(n int) *Problem {
	f := fieldIntAttr + field(n)
	if p.spans[f].absent() {
		return nil
	}
	value, given, problem := p.optionalInteger(f, contract.InvalidIntAttrCode(n+1), "a whole number from -2147483648 to 2147483647")
	if problem != nil || !given {
		return problem
	}
	p.optional.ints[n] = value
	p.entry.IntAttrs[n] = &p.optional.ints[n]
	return nil
}

// unsupported are characters that the vendor does not support in string
// attributes, on some of its pages.
const unsupported = `\¥$&%`

func (p *parser) strAttr(n int) *Problem {
	f := fieldStrAttr + field(n)
	value, given, problem := p.optionalText(f)
	if problem != nil || !given {
		return problem
	}
	if why := contract.Excess(fieldNames[f], value, contract.MaxStrAttr); why != "" {
		return &Problem{Code: contract.InvalidStrAttrCode(n + 1), Message: why}
	}
	if strings.ContainsAny(value, unsupported) {
		if p.rules.Strict {
			return refuse(contract.InvalidStrAttrCode(n+1), `%s %s holds one of the characters \ ¥ $ & %%, which are not supported; remove it`, fieldNames[f], contract.Quote(value))
		}
		p.warnings.add(WarnSpecialCharacters, `%s %s holds one of the characters \ ¥ $ & %%, which the vendor does not support`, fieldNames[f], contract.Quote(value))
	}
	p.optional.strs[n] = value
	p.entry.StrAttrs[n] = &p.optional.strs[n]
	return nil
}

func (p *parser) crop() *Problem {
	const remedy = "write true to look for the subject or false for the whole picture"
	value := p.value(fieldCrop)
	switch k := kindOf(value); k {
	case kindMissing, kindNull:
		return nil
	case kindTrue, kindFalse:
		p.optional.crop = k == kindTrue
	case kindString:
		text, _ := p.str(fieldCrop)
		if text != "true" && text != "false" {
			return refuse(contract.CodeInvalidCrop, "Crop is %s; %s", contract.Quote(text), remedy)
		}
		p.optional.crop = text == "true"
	default:
		return refuse(contract.CodeInvalidCrop, "Crop is %s; %s", k, remedy)
	}
	p.entry.Crop = &p.optional.crop
	return nil
}

func (p *parser) region() *Problem {
	switch k := kindOf(p.value(fieldRegion)); k {
	case kindMissing, kindNull:
		return nil
	case kindString:
	default:
		return refuse(contract.CodeInvalidRegion, `Region is %s; write it as a string x1,x2,y1,y2 in pixels, such as "20,40,60,80"`, k)
	}
	text, _ := p.str(fieldRegion)
	region, err := ParseRegion(text)
	if err != nil {
		return &Problem{Code: contract.CodeInvalidRegion, Message: err.Error()}
	}
	p.optional.region = region
	p.entry.Region = &p.optional.region
	return nil
}

// optionalText is the text of a field, and whether it is given.
func (p *parser) optionalText(f field) (text string, given bool, problem *Problem) {
	switch k := kindOf(p.value(f)); k {
	case kindMissing, kindNull:
		return "", false, nil
	case kindString:
		text, ok := p.str(f)
		if !ok {
			return "", false, halfCharacter(f)
		}
		return text, true, nil
	default:
		return "", false, wrongType(f, k, "a string")
	}
}

// optionalInteger is the number of a field, which may be a string of digits, and
// whether it is given. What is not a 32-bit integer has the field's own code.
func (p *parser) optionalInteger(f field, code contract.Code, want string) (n int32, given bool, problem *Problem) {
	value := p.value(f)
	var text string
	switch k := kindOf(value); k {
	case kindMissing, kindNull:
		return 0, false, nil
	case kindNumber:
		text = string(value)
	case kindString:
		text, _ = p.str(f)
	default:
		return 0, false, wrongType(f, k, "a whole number")
	}
	n, ok := integer(text)
	if !ok {
		return 0, false, refuse(code, "%s is %s; give %s", fieldNames[f], contract.Quote(text), want)
	}
	return n, true, nil
}
