//! A program, read and written again.

use std::{collections::HashMap, convert::Infallible};

use anyhow::{Result, anyhow};
use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{CodeSection, FunctionSection, ImportSection, Module};
use wasmparser::{
    CodeSectionReader, CustomSectionReader, FunctionSectionReader, Import, ImportSectionReader,
    Parser, Payload, TypeRef,
};

use crate::order;

/// The names of what the program asks its script for.
///
/// # Errors
/// A file that is no program.
pub fn imports(program: &[u8]) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for part in Parser::new(0).parse_all(program) {
        if let Payload::ImportSection(section) = part? {
            for import in section.into_imports() {
                names.push(import?.name.to_owned());
            }
        }
    }
    Ok(names)
}

/// The same program with its functions in another order, with short names for its imports, and
/// without what is for debuggers only.
///
/// # Errors
/// A file that is no program.
pub fn pressed(program: &[u8], names: &HashMap<String, String>) -> Result<Vec<u8>> {
    let (mut imported, mut functions) = (0, Vec::new());
    for part in Parser::new(0).parse_all(program) {
        match part? {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    imported += u32::from(matches!(import?.ty, TypeRef::Func(_)));
                }
            }
            Payload::CodeSectionEntry(body) => functions.push(body.as_bytes()),
            _ => {}
        }
    }
    let order = order::by_likeness(&functions);
    let mut places = vec![0; order.len()];
    for (place, function) in order.iter().enumerate() {
        places[*function] = u32::try_from(place)?;
    }
    let mut module = Module::new();
    let mut pressing = Pressing {
        names,
        imported,
        order,
        places,
    };
    pressing
        .parse_core_module(&mut module, Parser::new(0), program)
        .map_err(|error| anyhow!("{error}"))?;
    Ok(module.finish())
}

struct Pressing<'a> {
    names: &'a HashMap<String, String>,
    /// Functions of the script; those of the program are numbered from there on.
    imported: u32,
    /// At each place, the function that stands there now.
    order: Vec<usize>,
    /// Of each function, its place now.
    places: Vec<u32>,
}

type Written = Result<(), Error<Infallible>>;

impl Reencode for Pressing<'_> {
    type Error = Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, Error<Infallible>> {
        let own = function.checked_sub(self.imported);
        let place = own.and_then(|own| self.places.get(own as usize));
        Ok(place.map_or(function, |place| self.imported + place))
    }

    fn parse_import_section(
        &mut self,
        imports: &mut ImportSection,
        section: ImportSectionReader,
    ) -> Written {
        for import in section.into_imports() {
            let import = import?;
            let name = self.names.get(import.name).map(String::as_str);
            let name = name.unwrap_or(import.name);
            utils::parse_import(self, imports, Import { name, ..import })?;
        }
        Ok(())
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader,
    ) -> Written {
        let types = section.into_iter().collect::<Result<Vec<u32>, _>>()?;
        for function in &self.order {
            functions.function(types[*function]);
        }
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: CodeSectionReader,
    ) -> Written {
        let bodies = section.into_iter().collect::<Result<Vec<_>, _>>()?;
        for function in self.order.clone() {
            self.parse_function_body(code, bodies[function].clone())?;
        }
        Ok(())
    }

    /// Names of functions, who made it, and which features it uses: none of it runs.
    fn parse_custom_section(&mut self, _: &mut Module, _: CustomSectionReader) -> Written {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_encoder::{EntityType, ExportKind, ExportSection, Function, TypeSection};
    use wasmparser::Operator;

    /// Asks the script for one thing and has three functions: the first, which asks, the second,
    /// which is exported, and the third, which is like the first and calls the second.
    fn program() -> Vec<u8> {
        let mut types = TypeSection::new();
        types.ty().function([], []);
        let mut imports = ImportSection::new();
        imports.import("script", "__wbg_now_1234", EntityType::Function(0));
        let mut functions = FunctionSection::new();
        let mut code = CodeSection::new();
        for (numbers, called) in [(0..9, Some(0)), (100..101, None), (0..10, Some(2))] {
            functions.function(0);
            let mut body = Function::new([]);
            for number in numbers {
                body.instructions().i32_const(number).drop();
            }
            if let Some(called) = called {
                body.instructions().call(called);
            }
            body.instructions().end();
            code.function(&body);
        }
        let mut exports = ExportSection::new();
        exports.export("run", ExportKind::Func, 2);
        let mut module = Module::new();
        let module = module.section(&types).section(&imports).section(&functions);
        module.section(&exports).section(&code).clone().finish()
    }

    /// What is exported, and what each function of the program calls.
    fn calls(program: &[u8]) -> (u32, Vec<Vec<u32>>) {
        let (mut exported, mut calls) = (0, Vec::new());
        for part in Parser::new(0).parse_all(program) {
            match part.expect("well formed") {
                Payload::ExportSection(section) => {
                    let export = section.into_iter().next().expect("one");
                    exported = export.expect("well formed").index;
                }
                Payload::CodeSectionEntry(body) => {
                    let operators = body.get_operators_reader().expect("well formed");
                    let called = operators.into_iter().filter_map(|operator| {
                        match operator.expect("well formed") {
                            Operator::Call { function_index } => Some(function_index),
                            _ => None,
                        }
                    });
                    calls.push(called.collect());
                }
                _ => {}
            }
        }
        (exported, calls)
    }

    #[test]
    fn functions_that_move_are_called_where_they_are() {
        let before = program();
        assert_eq!(calls(&before), (2, vec![vec![0], vec![], vec![2]]));
        let short = HashMap::from([("__wbg_now_1234".to_owned(), "a".to_owned())]);
        let after = pressed(&before, &short).expect("well formed");
        assert_eq!(imports(&after).expect("well formed"), ["a"]);
        assert_eq!(calls(&after), (3, vec![vec![0], vec![3], vec![]]));
    }

    #[test]
    fn what_is_no_program_is_refused() {
        assert!(pressed(b"<!doctype html>", &HashMap::new()).is_err());
    }
}
