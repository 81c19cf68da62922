package manifest

import (
	"strings"

	"imagebatch/workflows/contract"
)

func (p *parser) product() *Problem {
	id, problem := p.name(fieldProduct)
	switch {
	case problem != nil:
		return problem
	case id == "":
		return refuse(contract.CodeNoSpecifiedProductID, `ProductId is missing; give the id of the product, such as "ProductId":"1000"`)
	}
	if why := contract.UnfitProductID(id, p.maxName()); why != "" {
		return &Problem{Code: contract.CodeInvalidProductID, Message: why}
	}
	p.entry.ProductID = id
	return nil
}

func (p *parser) picture() *Problem {
	name, problem := p.name(fieldPicture)
	if problem != nil {
		return problem
	}
	if p.entry.Operation == Delete && name == "" {
		return p.wholeProduct()
	}
	if name == "" {
		return refuse(contract.CodeNoSpecifiedPicName, `PicName is missing; give the picture's object name below the manifest's folder, such as "PicName":"girlCloth/1.jpg"`)
	}
	if why := contract.UnfitPicName(name, p.maxName()); why != "" {
		return &Problem{Code: contract.CodeInvalidPicName, Message: why}
	}
	p.entry.PicName = name
	if p.entry.Operation == Add {
		if remedy := AddressRemedy(name, "", ""); remedy != "" {
			p.warnings.add(WarnAddress, "%s", remedy)
		}
	}
	return nil
}

// wholeProduct refuses a DELETE without a picture that says more than which
// product: what it says may be where the picture was meant to be named.
func (p *parser) wholeProduct() *Problem {
	const remedy = "name the picture under PicName, or leave every field but OperationType and ProductId out to delete the whole product"
	switch {
	case p.stranger.alike:
		return refuse(contract.CodeInvalidPicName, "the field %s is not known and PicName is missing; %s", contract.Quote(p.stranger.name), remedy)
	case !p.spans[fieldPicture].absent():
		return refuse(contract.CodeInvalidPicName, "PicName is %s; %s", p.value(fieldPicture), remedy)
	case p.stranger.found:
		return refuse(contract.CodeInvalidPicName, "the field %s is not known and PicName is missing; %s", contract.Quote(p.stranger.name), remedy)
	}
	for f := fieldContent; f < fieldCount; f++ {
		if !p.spans[f].absent() {
			return refuse(contract.CodeInvalidPicName, "the DELETE has the field %s and no PicName; %s", fieldNames[f], remedy)
		}
	}
	for f, twice := range p.repeated {
		if twice {
			return refuse(contract.CodeInvalidPicName, "the DELETE has the field %s more than once and no PicName; %s", fieldNames[f], remedy)
		}
	}
	return nil
}

func (p *parser) maxName() int {
	if p.rules.Strict {
		return contract.MaxNameStrict
	}
	return contract.MaxName
}

// name is the text of ProductId or PicName, "" when it is absent or null. A whole
// number stands for its digits.
func (p *parser) name(f field) (string, *Problem) {
	value := p.value(f)
	switch k := kindOf(value); {
	case k == kindMissing || k == kindNull:
		return "", nil
	case k == kindString:
		text, ok := p.str(f)
		if !ok {
			return "", halfCharacter(f)
		}
		return text, nil
	case k == kindNumber && wholly(strings.TrimPrefix(string(value), "-")):
		p.warnings.add(WarnNumericName, "%s is the number %s and is read as text; put it in quotes", fieldNames[f], clip(value, quoted))
		return string(value), nil
	default:
		return "", wrongType(f, k, "a string")
	}
}

func halfCharacter(f field) *Problem {
	return refuse(contract.CodeInvalidMetaItem, `%s holds half of a surrogate pair (\ud800 to \udfff); write the character itself`, fieldNames[f])
}

func wrongType(f field, is kind, want string) *Problem {
	return refuse(contract.CodeInvalidMetaItem, "%s is %s; write it as %s", fieldNames[f], is, want)
}
