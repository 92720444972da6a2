//! A class made ready: the notebooks, the homes, and what keeps the students apart.
//!
//! Not here: what serves it: JupyterHub (`mod.rs`), or `cargo lab bench class`, which starts the kernels itself.

use anyhow::Result;
use serde_json::{Value, json};

use super::person::{self, Person};
use super::place::Place;
use super::settings;
use super::walls::{self, Walls};
use crate::release;
use crate::step::Step;
use crate::workspace::Workspace;

/// Those who are in, and what keeps them apart.
pub struct Class {
    /// Everyone with a home.
    pub people: Vec<Person>,
    /// What this system offers.
    pub walls: Walls,
}

impl Class {
    /// Makes the notebooks and the homes; tries the walls, unless there shall be none.
    ///
    /// # Errors
    /// When something cannot be written, or the walls do not work here.
    pub fn settle(
        workspace: &Workspace,
        place: &Place,
        names: &[String],
        no_walls: bool,
    ) -> Result<Class> {
        let step = Step::start("Блокноты для студентов");
        release::students(workspace, &place.notebooks())?;
        step.quiet();
        let people =
            names.iter().map(|name| person::settle(place, name)).collect::<Result<Vec<_>>>()?;
        place.write_names(&people)?;
        let walls = if no_walls { Walls::None } else { Walls::tried(workspace, place)? };
        Ok(Class { people, walls })
    }

    /// What a program needs to start the students' kernels.
    ///
    /// # Errors
    /// When the places that the walls need cannot be found.
    pub fn seats(&self, workspace: &Workspace, place: &Place) -> Result<Value> {
        let seat = |person: &Person| {
            Ok(json!({
                "name": person.name, "id": person.id, "home": person.home, "sessions": person.sessions,
                "command": walls::command(workspace, place, person, self.walls)?,
            }))
        };
        Ok(json!({
            "environment": settings::environment(workspace, place)?,
            "homes": place.homes(),
            "people": self.people.iter().map(seat).collect::<Result<Vec<_>>>()?,
            "walls": self.walls != Walls::None,
        }))
    }
}
